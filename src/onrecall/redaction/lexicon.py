"""The words that announce a secret, as tables: a kind, what a value must look like, and after a bar the names.

From the surest names to the vaguest: after `any` whatever could be a secret is one, after `word` what is no word of a
language, after `mixed` what a machine made, after `random` what is as random as a key, after `key` only what has small
letters, capitals and digits besides, after `named_key` that or a long hexadecimal number, after `gpg_key` what is
random and no fingerprint, after `made_up` a password on sight, after `digits` a code, after `hash` a hash. names.py
tells how a name is taken apart.
"""

ENDINGS = """
password any | password, passwd, passwrd, passphrase, pass phrase, passcode, pass word, pwd, pword, pswd, psk
password any | pre shared key, preshared key, wpa key, wep key, wifi key, luks key, network security key, password in
password any | pasword, passord, pswrd, passw, psw, pwrd
password any | cpassword, client secret, app secret, application secret, jwt secret, session secret
password any | cookie secret, signing secret, webhook secret, consumer secret, oauth secret, shared secret
password any | api secret, hmac secret, auth secret, access secret, encryption secret, master secret
password any | login secret, user secret, admin secret, token secret, secret string, secret text, bind pw
password any | root pw, user pw, db pw, admin pw, keystore pw, truststore pw, mysql pw, redis pw, ldap pw
password any | authtok, auth tok, smtp pw, mail pw, ftp pw, my pw
password any | erlang cookie, magic cookie
password word | pass, secret, credential, pw, stored secret, secret value
password made_up | login, cred, creds, credentials, community, snmp community
token mixed | token, api key, apikey, access key, secret key, secret access key, shared access key, auth key
token mixed | authkey, account key, app key, subscription key, license key, licence key, activation key
token mixed | product key, install key, unseal key, seal key, recovery key, deploy key, jwt, bearer, assertion
token mixed | signature, sig, sas, saml response, saml request, aspxauth, csrf, xsrf, otp secret
token mixed | auth string, device code, pat, macaroon, discharge macaroon, auth code, magic link, setcredential
token mixed | client key data
token made_up | auth, user pass, userpass, sst auth, code verifier
key random | sentry key, private key, encryption key, encrypt key, signing key, sign key, master key, application key
key random | service key, storage key, shared key, webhook key, client key, admin key, integration key
key random | ingest key, write key, hmac key, aes key, jwt key, session key, host functions key, functions key
key random | function key, root key, data key, routing key, rsa key, ssh key, dkim key, vapid key
key random | fernet key, secret key base, cookie key, crypto key, cipher key
key random | security key, wallet key, device key, project key, salt, pepper, seed, totp, totp seed, totp secret
key gpg_key | gpg key, pgp key
key random | validation key, decryption key
key random | mfa secret, otp seed, id rsa, id ed25519, id ecdsa, id dsa, dockerconfigjson, dockercfg
key random | account secret
one-time-code digits | pin, pin code, otp, otp code, totp code, mfa code, 2fa code, sms code, tan, cvv, cvc
one-time-code digits | puk, puk code, security code, one time passcode, login code
one-time-code digits | access code, auth pin, verification code, one time code, one time password
recovery-code digits | recovery code, backup code, scratch code, rescue code
recovery-phrase any | mnemonic, seed phrase, recovery phrase, seed words
hash hash | password hash, passwd hash, pwd hash, password digest, super digest, ntlm hash, nt hash, lm hash, auth hash
hash hash | password sha, password double sha
hash hash | password encrypted, encrypted password, hashed password
"""
"""The last words of a name, in English."""

FOREIGN = """
password any | passwort, passwörter, kennwort, kennwörter, mot de passe, contraseña, contrasena, contraseñas
password any | contrasenya, senha, palavra-passe, palavra passe, parola d'ordine, wachtwoord, lösenord, losenord
password any | adgangskode, kodeord, passord, salasana, hasło, haslo, heslo, jelszó, jelszo, parolă, şifre
password any | sifre, lozinka, zaporka, geslo, slaptažodis, parole, parool, lykilorð, пароль, пароля, паролем
password any | парола, лозинка, парольная фраза, κωδικός πρόσβασης, κωδικός, κωδικος, συνθηματικό, סיסמה, סיסמא
password any | كلمة المرور, كلمة السر, كلمة مرور, رمز عبور, رمز المرور, گذرواژه, گذر واژه, 密码, 密碼, 口令
password any | 密钥, 密鑰, パスワード, パスフレーズ, 暗証番号, 비밀번호, 암호, mật khẩu, kata sandi, kata laluan
password any | पासवर्ड, पासवर्ड है, รหัสผ่าน, პაროლი, գաղտնաբառ, құпия сөз
password word | geheimnis, секрет, sekret, segredo, secreto, segreto, 秘密, シークレット, 비밀
password any | mdp, phrase secrète, phrase de passe, frase de contraseña, frase secreta, frase-senha, frase segreta
password any | contrasinal, pasahitza, fjalëkalimi, wagwoord, cyfrinair, pasfhocal, nenosiri, salasõna, tunnussana
password any | lösenfras, lozinku, hasłem, hasła, heslem, hesla, jelszót, jelszava, паролю, паролі, гасло
password any | 비번, 패스워드, 비밀 번호, 合言葉, الرقم السري, پاس ورڈ, পাসওয়ার্ড, கடவுச்சொல், 口令码, 密语
password any | einmalpasswort, einmalkennwort, losungswort, einmalcode
password any | clave de acceso, clave secreta, palabra clave
password word | parola
password made_up | clave, zugangsdaten, identifiants, credenciales, credenziali
password made_up | llave, ключ доступа, klucz, 令牌, クレデンシャル
token mixed | токен, токена, jeton, トークン, 토큰, clé api
token mixed | clé d'api, clef d'api, clef api, chiave dell'api, chave da api, clau de l'api
token mixed | ключ апи, api 密钥, api キー, api 키
token mixed | clé secrète, clef secrète, clé d'accès, zugriffstoken, zugangstoken, zugriffsschlüssel, zugangsschlüssel
token mixed | clave de api, clave de la api, chave secreta, chave de acesso, chiave segreta, chiave di accesso
token mixed | アクセスキー, アクセストークン, シークレットキー, 秘密鍵, 访问密钥, 액세스 키, 액세스 토큰, секретный ключ
token mixed | tajny klucz, geheime sleutel, api-sleutel, api-nyckel, api-nøgle, api-nøkkel, api-avain
token mixed | klucz api, klucz dostępu, apiキー, ключ api, jeton d'accès, chave de api, chave api
token mixed | api密钥, clave api, chiave api, api-schlüssel, schlüssel
one-time-code digits | code secret, code confidentiel, code d'accès
one-time-code digits | код доступа, одноразовый код, одноразовый пароль, sicherheitscode, código de acceso
one-time-code digits | código de un solo uso, code à usage unique, codice di accesso, código de verificação
one-time-code digits | verificatiecode, verifieringskod, kod weryfikacyjny, ověřovací kód, doğrulama kodu, 動態密碼
one-time-code digits | 验证码, 驗證碼, 認証コード, 인증번호, код подтверждения, пин-код, bestätigungscode
one-time-code digits | código de verificación, code de vérification, codice di verifica
"""
"""Names in other languages, as they are written."""

NEUTRAL = """
prod production dev development test testing live staging base plain plaintext value old new current b64 base64
env string str raw default override primary secondary hex enc encrypted local remote tmp temp main v
"""
"""Words after a name that leave it a name of the same thing."""

OTHER_THINGS = """
public max min num no has is use uses require requires existing next page continuation cursor cancel stop pad
unk eos bos sep cls mask n count total input output prompt completion cached
"""
"""Words before a name that make it another thing: a flag, a count, a message, the public half of a key."""

KUBERNETES = "pull tls existing password credentials credential cert certificate image kube ca imagepull"
"""Words before `secret` that make it the name of an object in Kubernetes."""

ORDINARY_KEYS = """
public primary foreign partition sort cache idempotency lock shard row hash map index group object s3 redis
dedup dedupe correlation event message record host peer unique composite natural surrogate lookup search hot
issue project ticket jira translation i18n order routing alert incident label annotation join bucket context
state kms kid rate item field user customer tenant node pod job task build image layer
file page asset chunk content blob route path dir thread conversation feature metric series stream segment region zone
entity document doc url file fingerprint pub access id name grouping log trace span request session idem socket
"""
"""Words before `key` that make it the key of a table, a cache or a queue."""

CONSTANT_KEYS = "record user project customer tenant event build issue alert incident"
"""Those of these that make it a credential in the name of an environment variable, such as `CYPRESS_RECORD_KEY`."""

FUNCTION_WORDS = """
the for and not see ask with from this that must should has have was were are you your our use per via all any
but its can may will then when who which into out now one only never ever been being
"""
"""Words that stand in sentences and in no passphrase."""

VERBS = """
is was are be been got now to from becomes became reads says equals s it's tried typed entered guessed sent using
lautet ist war wurde sind auf zu c'est est était sont à es era son a é são è sono zijn naar er är var till til on oli
jest było na это был теперь maintenant ahora agora adesso ora jetzt nu teraz
"""
"""Words in a sentence about a secret after which its value may stand."""

MACHINE = (
    r"(?i:dc|db|pg|vm|ns|web|app|srv|sql|mx|fs|gw|lb|fw|ad|mail|ldap|redis|kafka|mysql|node|host|server|vault|proxy|jump|bastion"
    r"|esxi?|nas|san|prod|stage|stg|dev|cache|edge|core|backup|worker|master)-?\d{1,3}(?![\w*#$%&@+]|[!?]+\w)"
)
"""A machine by its role and number: behind *password on* a place, and no password."""

ADVERBS = """
now currently still just simply again temporarily set reset changed back always jetzt nun wieder aktuell maintenant
désormais ahora agora adesso ora nu теперь сейчас teraz
"""
"""Words between such a verb and the value."""

OTHER_SUBJECTS = """
fingerprint hash checksum digest thumbprint id ids version versions file files path name names url length size policy
arn commit sha revision image branch tag ticket host server node pod cluster request response error exception by
accessor
"""
"""Words after which a sentence no longer speaks of the secret itself."""

CALLS_IT = """
as, as the, as new, as the new, as a, as its, is the, is the new, is our, is my, is now the, at the, for the, to
when prompted for the, when prompted for a, when asked for the, when it asks for the, if it asks for the
als, als neues, als das, ist das, ist das neue, comme, comme nouveau, est le, est le nouveau, como, como nueva
es la, es la nueva, é a, come, è la, som, jako, как, это
"""
"""Words between a value and the name after it, as in `v is the new password`."""

ACCOUNTS = """
root admin administrator sa postgres oracle weblogic system sysadmin guest elastic neo4j ops u user app app_rw app_ro
svc ci cd bot deploy deployer jenkins gitlab ubuntu ec2-user centos debian backup monitor monitoring grafana prometheus
test dev prod staging service api etl batch support oncall sre dba report replicator repl
"""
"""Names of accounts, as they stand before a colon and a password."""
