"""Detect secrets in statements, protocols and configuration of databases and servers."""

import re

from onrecall.redaction import heuristics as looks
from onrecall.redaction import lexicon
from onrecall.redaction.devices import DEVICES
from onrecall.redaction.mainframes import MAINFRAMES
from onrecall.redaction.pattern import Pattern
from onrecall.redaction.rules import (
    ANYTHING,
    accept_all,
    may_be_chosen,
    may_be_password,
    pattern_detector,
)
from onrecall.redaction.scanner import Detector, PatternDetector, PrefixDetector

SQL: tuple[PatternDetector, ...] = (
    pattern_detector(
        "password",
        "identified by|identified with|with password|encrypted password|plaintext password|role |user |login "
        "|set password",
        r"(?i:identified by|identified with [\w']{3,40} (?:by|as)|with (?:\w+ )?password|(?:encrypted"
        r"|plaintext) password"
        r"|(?:role|user|login) [\w\"'@%.]{1,64} (?:\w+ ){0,3}password|set password(?: for [\w\"'@%.]{1,80})?)"
        r"(?: as| password)?\s*[=(]?\s*(?:password\()?\s*[Nn]?[\"'](?P<s>[^\"'\n]{1,255})",
    ),
    pattern_detector(
        "password", "identified by ", r"(?i:identified by) (?P<s>[^\s\"'`;,()][^\s\"';,()]{3,255})", may_be_chosen
    ),
    pattern_detector(
        "password",
        "identified by ",
        r"(?i:identified by) \S{4,120} (?i:replace) [\"']?(?P<s>[^\s\"'`;,()]{4,255})",
        may_be_chosen,
    ),
    pattern_detector(
        "password", "identified by `", r"(?i:identified by) `(?P<s>[^\s\"'`;,()]{4,255})`", looks.is_password_like
    ),
    pattern_detector("password", "password $$|by $$", r"(?i:password|by) \$\$(?P<s>[^$\n]{1,255})"),
    pattern_detector(
        "password",
        "password '|password \"",
        r"(?i:password) (?P<q>[\"'])(?P<s>[^\"'\n]{4,255})(?P=q)",
        may_be_password,
    ),
    pattern_detector(
        "password",
        ".auth(|createuser(|changeuserpassword(",
        r"\.\w+\(\s*[\"'][^\"'\n]{1,64}[\"'],\s*[\"'](?P<s>[^\"'\n]{1,255})",
        accept_all,
    ),
    pattern_detector(
        "password",
        ".logon",
        r"\.(?i:logon)\s{1,8}(?:[\w.:-]{1,64}/)?[\w.$-]{1,64}\s{0,3},\s{0,3}[\"']?(?P<s>[^\s\"';]{1,255})",
    ),
    pattern_detector("password", "acl setuser", r"(?i:acl setuser) [^\n]{1,200}? >(?P<s>[^\s>]{1,255})"),
    pattern_detector("hash", "acl setuser", r"(?i:acl setuser) [^\n]{1,200}? #(?P<s>[0-9a-f]{64})"),
    pattern_detector("password", "user ", r"user \S{1,64} (?:on|off) (?:[^\s>]{1,64} ){0,16}>(?P<s>[^\s>]{1,255})"),
    pattern_detector("hash", "user ", r"user \S{1,64} (?:on|off) (?:[^\s#]{1,64} ){0,16}#(?P<s>[0-9a-f]{64})(?!\w)"),
)
PROTOCOLS: tuple[PatternDetector, ...] = (
    pattern_detector(
        "password",
        "auth\r\n|auth\n|auth\\r",
        r"AUTH(?:\r?\n|\\r\\n)\$\d{1,4}(?:\r?\n|\\r\\n)(?P<s>[^\s\\]{1,255})",
        accept_all,
    ),
    pattern_detector("password", "auth ", r"AUTH [\"']?(?P<s>[^\s\"']{6,255})[\"']?(?=\s|\Z)", looks.is_made_up),
    pattern_detector(
        "password",
        "auth ",
        r"(?:(?<![^\n])|(?<=> ))(?-i:AUTH) (?:[\w.-]{1,64} )?[\"']?(?P<s>[^\s\"']{6,255})[\"']?(?=[ \t]*(?:\r?\n|\Z))",
        lambda value: looks.is_spelled(value) and not value.isupper(),
    ),
    pattern_detector(
        "password", "auth ", r"AUTH (?:[\w.-]{1,64} )[\"']?(?P<s>[^\s\"']{6,255})[\"']?(?=\s|\Z)", looks.is_made_up
    ),
    pattern_detector(
        "password", '"auth"', r"\"AUTH\" (?:\"[\w.-]{1,64}\" )?\"(?P<s>[^\"\s]{1,255})\"", looks.could_be_secret
    ),
    pattern_detector("password", "pass ", r"(?-i:PASS) (?P<s>\S{6,255})(?=\s*(?:\r?\n|\Z))", looks.is_made_up),
    pattern_detector(
        "password",
        "user ",
        r"(?-i:USER) \S{1,64}[ \t]*\r?\n(?:(?:\d{3}[ -]|\+OK)[^\n]{0,160}\n)?"
        r"(?:[\w-]{0,12}> )?(?-i:PASS) (?P<s>\S{4,255})",
        lambda value: re.search(r"\d|[^\w]", value) is not None,
    ),
    pattern_detector(
        "password",
        "/v ",
        r"(?i:/v) \"?[\w. -]{0,40}(?i:password|passwd|pwd|secret)\"? (?:/t \w{1,20} )?/d \"?(?P<s>[^\s\"]{4,255})",
    ),
    pattern_detector(
        "password", "nickserv", r"(?i:nickserv)[^\n]{0,40}?(?i:identify) (?:\S{1,32} )?(?P<s>\S{6,64})(?=\s|\Z)"
    ),
    pattern_detector("key", "hmac-", r"(?i:hmac-\w{3,6}(?:-\d{2,3})?):[\w.-]{1,64}:(?P<s>[A-Za-z0-9+/]{16,128}={0,2})"),
    pattern_detector("password", "login ", r"(?-i:LOGIN) \S{1,64} \"?(?P<s>[^\s\"]{6,255})\"?", looks.is_password_like),
    pattern_detector(
        "password", "user ", r"(?<!_)(?-i:user) [\w.-]{1,64} (?P<s>\S{6,255})(?=\s*(?:\r?\n|\Z))", looks.is_made_up
    ),
    pattern_detector("password", "machine ", r"machine \S{1,255}\s+login \S{1,255}\s+password (?P<s>\S{1,255})"),
    pattern_detector(
        "password",
        "|".join(
            f":{port}:"
            for port in (5432, 5433, 5434, 5435, 5436, 5439, 6432, 6433, 6543, 7432, 15432, 25432, 26257, "*")
        ),
        r":(?:\d{4,5}|\*):[\w*.-]{1,64}:[\w*.-]{1,64}:(?P<s>(?:[^\s:\"'\\]|\\{1,2}[:\\]){4,255})(?=[\s\"'\\]|\Z)",
    ),
)
_ALGORITHM = re.compile(r"[A-Z]{2,6}\d{0,3}(?:[-_/](?:[A-Z]{0,6}\d{0,4}|v\d)){1,4}")
"""The name of an algorithm, such as `RSASSA-PKCS1-v1_5`."""
_NO_ORDINARY_KEY = "".join(f"(?<!(?i:{word}) )" for word in lexicon.ORDINARY_KEYS.split())
"""Not behind a word such as `cache`, whose keys are no secrets."""
_NAMED_DIGEST = re.compile(r"(?:[A-Za-z]\w*[-_.]){1,6}(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})")
"""Words and a digest, as caches of build servers name their entries."""
CODE: tuple[PatternDetector, ...] = (
    pattern_detector(
        "key",
        "jwt.|hmac.new(|createhmac(|aes.new(|.sign(|signwith(|hmacsha256(|cipher(",
        r"(?i:jwt\.\w{3,10}|hmac\.new|createhmac|aes\.new|\.sign|signwith|hmacsha256|cipher)\([^()\n]{0,80}?[\"']"
        r"(?P<s>[^\"'\n]{8,255})[\"']",
        lambda value: looks.is_made_up(value) and _ALGORITHM.fullmatch(value) is None,
    ),
    pattern_detector(
        "password",
        "define(|setenv(|putenv(|environ[|config.set(|set_env(",
        r"(?i:define|setenv|putenv|environ|config\.set|set_env)[\[(]\s*[\"'][\w.-]{0,60}(?i:passw|pass|pwd|secret|token|key)[\w.-]{0,20}[\"']"
        r"(?:\]\s*=|,)\s*[\"'](?P<s>[^\"'\n]{1,255})",
        may_be_password,
    ),
    pattern_detector(
        "password",
        "btoa(|b64encode(|base64(",
        r"(?i:btoa|b64encode|base64)\(b?[\"'][\w.@-]{1,64}:(?P<s>[^\"'\n]{4,255})[\"']",
    ),
    pattern_detector(
        "key",
        "key:|key=|key is|key ->|key =>",
        rf"(?<![\w-])(?<![Pp]ublic )(?<!PUBLIC ){_NO_ORDINARY_KEY}(?i:key)(?: is|[:=]| ->| =>) ?[\"'`]?"
        r"(?P<s>[A-Za-z0-9+/_-]{32,128}={0,2})(?![\w/+=.-])",
        lambda value: looks.is_key(value) and _NAMED_DIGEST.fullmatch(value) is None,
    ),
)
_DSN_BEFORE = re.compile(r"(?:^|[\s,\"'])[hu]=[^\s,=]{1,60}(?:,\w=[^\s,=]{1,60})*\Z")
_HASHER = re.compile(r"passw|bcrypt|argon|scrypt|pbkdf|hasher|hash_?pw|checkpw", re.IGNORECASE)
_MYSQL_BEFORE = re.compile(r"\"(?:[\w/.-]*/)?(?:mysql|maria|mycli)\w*\"[^\]\n]*\Z")
CONFIGURATION: tuple[PatternDetector, ...] = (
    pattern_detector(
        "password",
        "requirepass|masterauth|sentinel auth-pass|rootpw|bindpw|insecure-password|rcon_password",
        r"(?i:requirepass|masterauth|sentinel auth-pass \S{1,64}|rootpw|bindpw|insecure-password|rcon_password)"
        r"[\"',]{0,2}(?:\r?\n[ ]{0,8}\d\))?[ \t]+(?![a-z]+[ \t]+(?:between|from|in|on|for|not|set|with|is|was)\b)"
        r"[\"']?(?P<s>[^\s\"']{1,255})",
    ),
    pattern_detector(
        "password",
        "system/|sys/|scott/|dbsnmp/|sysman/|apps/",
        r"(?<![\w/.-])(?:system|sys|scott|dbsnmp|sysman|apps)/(?P<s>[^\s/@\"']{4,64})@(?:/{0,2}[\w.:/-]+)",
    ),
    pattern_detector("password", "authkey ", rf"authkey {ANYTHING}", looks.is_made_up),
    pattern_detector("password", "rootpw ", r"rootpw(?: --\w+)* (?P<s>[^\s-]\S{3,255})"),
    pattern_detector("password", "stats auth", r"stats auth \S{1,64}?:(?P<s>\S{1,255})"),
    pattern_detector("password", "static:", r"static:[\w.@-]{1,64}:(?P<s>\S{1,255})"),
    pattern_detector("password", "]:587|]:465|]:25", r"\]:\d{2,3}\s+[\w.@-]{1,64}:(?P<s>\S{1,255})"),
    # A line of `chap-secrets` has an account before the star; a comment in C has none.
    PatternDetector(
        "password",
        (' * "',),
        Pattern(r" \* \"(?P<s>[^\"\n]{4,255})\"(?=[ \t]*(?:[*\d\r\n#]|::|-?[ \t]*(?:[\r\n]|\Z)))"),
        lambda match: bool(match.string[max(0, match.start() - 80) : match.start()].rpartition("\n")[2].strip(" \t*")),
    ),
    pattern_detector("password", " * ", r" \* (?P<s>[^\s\"*]{6,255})(?= \*\s*(?:\n|\Z))", looks.is_made_up),
    pattern_detector("password", "wifi:", r"WIFI:(?:[^;\n]{1,80};){0,4}P:(?P<s>(?:[^;\n\\]|\\.){1,100});"),
    pattern_detector(
        "password",
        "ssid",
        r"ssid[ ]?[:=][ ]?[^\n,;]{1,40}?[,; ]{1,2}(?:key|psk|pass)[ ]?[:=][ ]?(?P<s>[^\s,;]{8,63})",
        accept_all,
    ),
    pattern_detector(
        "key",
        "encrypt",
        r"(?i:encrypt)[\"']?\s{0,3}[=:]\s{0,3}[\"'](?P<s>[A-Za-z0-9+/]{22,44}={1,2})[\"']",
        looks.is_key,
    ),
    pattern_detector(
        "password",
        "user_",
        r"(?<=[(.])user_(?!(?:e?mail|name|id|agent|type|role|group|data|ip)=)[\w.-]{1,64}=\\?[\"'](?P<s>[^\"'\n\\]{1,255})\\?[\"']",
        looks.is_unmistakable,
    ),
    pattern_detector(
        "password",
        "user_",
        r"(?<![\w(.])user_(?!(?:e?mail|name|id|agent|type|role|group|data|ip)=)[\w.-]{1,64}=\\?[\"'](?P<s>[^\"'\n\\]{1,255})\\?[\"']",
        looks.is_no_word,
    ),
    pattern_detector("password", "$user", r"\$USER\d{1,3}\$=(?P<s>\S{6,255})", looks.is_password_like),
    pattern_detector(
        "hash",
        "secretdata",
        r"(?i:secretdata)\\{0,3}\"\s{0,3}:\s{0,3}\\{0,3}\"\{\\{1,3}\"value\\{1,3}\":\\{1,3}\"(?P<s>[A-Za-z0-9+/=]{16,200})",
    ),
    pattern_detector(
        "key",
        "license|licence|product key|activation",
        r"(?i:licen[sc]e|product key|activation)(?: key| code| is| no\.?|:|=|\"){0,3} ?\"?(?P<s>[A-Z0-9]{4,6}"
        r"(?:-[A-Z0-9]{4,6}){3,7})(?![\w-])",
        lambda value: re.search(r"\d", value) is not None,
    ),
    pattern_detector(
        "token",
        "root token|acl token|management token|bootstrap token",
        r"(?i:\w{3,10} token)(?i: is)?[ \t]{0,3}[:=]?[ \t]{1,40}"
        r"(?P<s>[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})(?![\w-])",
    ),
    pattern_detector("token", "::add-mask::", r"::add-mask::(?P<s>\S{6,400})"),
    pattern_detector(
        "token",
        "::set-output name=",
        r"::set-output name=[\w-]{0,40}(?i:pass|pwd|secret|token|key|cred)[\w-]{0,40}::(?P<s>[^\s\"']{4,400})",
    ),
    pattern_detector(
        "password",
        "assword",
        r"assword[^\n]{0,20}[\s;{}]{1,40}send(?:_user)?(?: --)? \"(?P<s>[^\"\n]{3,200}?)(?:\\[rn]){0,2}\"",
    ),
    pattern_detector(
        "password",
        "lightweight directory access",
        r"(?i:lightweight directory access)[^\0]{0,800}?simple:[ ](?P<s>\S{1,200})(?=\s|\Z)",
    ),
    pattern_detector("password", "wsrep_sst_auth", r"wsrep_sst_auth[ =\"']{1,5}[\w.-]{1,64}:(?P<s>[^\s\"']{1,255})"),
    PatternDetector(
        "password",
        ('"-p',),
        Pattern(r"\"-p(?P<s>[^\"\s=-][^\"\s]{3,127})\""),
        lambda match: _MYSQL_BEFORE.search(match.string[max(0, match.start() - 300) : match.start()]) is not None,
    ),
    pattern_detector(
        "password",
        '"random_password"',
        r"\"random_password\"(?:(?!random_password)[^\0]){0,800}?\"?(?:result|bcrypt_hash)\"?\s*[:=]\s*\"(?P<s>[^\"\n]{4,255})\"",
    ),
    pattern_detector(
        "password",
        '"result"',
        r"\"result\"\s*:\s*\"(?P<s>[^\"\n]{4,255})\"\s*,\s*\"special\"\s*:",
        looks.is_no_word,
    ),
    pattern_detector(
        "password",
        '"bcrypt_hash"|"min_special"|"override_special"',
        r"\"\w{5,20}\"\s*:[^{}\0]{0,400}?\"result\"\s*:\s*\"(?P<s>[^\"\n]{4,255})\"",
        looks.is_no_word,
    ),
    pattern_detector(
        "password",
        "default",
        r"default\s{0,40}=\s{0,4}\"(?P<s>[^\"\n]{4,255})\"[^{}\0]{0,300}?\bsensitive\s{0,40}=\s{0,4}true",
    ),
    pattern_detector(
        "password",
        "sensitive",
        r"sensitive\s{0,40}=\s{0,4}true[^{}\0]{0,300}?\bdefault\s{0,40}=\s{0,4}\"(?P<s>[^\"\n]{4,255})\"",
    ),
    pattern_detector(
        "password",
        "random_password.",
        r"random_password\.[^\n=]{1,80}?\bresult[ ]{0,4}=[ ]{0,4}\"(?P<s>[^\"\n]{4,255})\"",
    ),
    pattern_detector(
        "password",
        "crypt(|pgp_sym_encrypt|pgp_sym_decrypt",
        r"(?i:crypt\((?=[^\n]{1,80}gen_salt)|pgp_sym_\w{7,15}\([^()'\n]{1,80},)\s?'(?P<s>[^'\n]{4,255})'",
    ),
    pattern_detector(
        "password",
        "remote(|remotesecure(|mysql(|postgresql(|mongodb(|jdbc(",
        r"(?i:remote(?:secure)?|mysql|postgresql|mongodb|jdbc)\('[^'\n]{1,120}'(?:,\s?'?[\w.-]{1,60}'?){2,3},\s?'(?P<s>[^'\n]{4,255})'",
        looks.is_no_word,
    ),
    pattern_detector(
        "password",
        "user_chpass|user_create",
        r"user_(?:chpass|create) \S{1,64} (?:\S{1,64} )?[\"']?(?P<s>[^\s\"']{6,255})",
        looks.is_password_like,
    ),
    PatternDetector(
        "password",
        tuple(f"\n{account} = " for account in ("admin", "root", "administrator")),
        Pattern(r"\n\w{4,13} = (?P<s>\S{6,255})(?=[ \t]*(?:\r?\n|\Z))"),
        lambda match: looks.is_unmistakable(match["s"]),
    ),
    pattern_detector(
        "password",
        "task.setvariable|##teamcity[setparameter",
        r"(?i:task\.setvariable variable=|##teamcity\[setparameter name=')[\w.-]{0,40}"
        r"(?i:pass|pwd|secret|token|key|cred)[\w.-]{0,40}(?:[^\]\n]{0,60}\]|' value=')(?P<s>[^\s']{4,400})",
    ),
    pattern_detector(
        "password", "securestring", r"(?i:securestring(?: -\w{1,20}){0,3})\s+[\"'](?P<s>[^\"'\n]{1,255})[\"']"
    ),
    pattern_detector(
        "password", "credential(", r"(?i:credential)\(\s*[\"'][^\"'\n]{1,80}[\"'],\s*[\"'](?P<s>[^\"'\n]{1,255})"
    ),
    pattern_detector(
        "password",
        "getconnection(|basicauth(|digestauth(|auth=(|auth(",
        r"(?i:getconnection|basicauth|digestauth|auth)=?\([^()\n]{0,120}?[\"'](?P<s>[^\"'\n]{4,255})[\"']\s*\)",
        looks.is_made_up,
    ),
    PatternDetector(
        "password",
        (",p=",),
        Pattern(r",p=(?P<s>[^\s,\"']{4,128})"),
        lambda match: _DSN_BEFORE.search(match.string[max(0, match.start() - 120) : match.start()]) is not None,
    ),
    PatternDetector(
        "password",
        ("encode(", "hashpw(", "checkpw(", "matches(", "verify(", ".hash(", ".compare(", "encrypt(", "hash_password("),
        Pattern(r"[\w.]{4,20}\(\s*[bBuU]?[\"'](?P<s>[^\"'\n]{6,128})[\"']"),
        lambda match: (
            looks.is_password_like(match["s"])
            and _HASHER.search(match.string[max(0, match.start() - 24) : match.start() + 20]) is not None
        ),
    ),
    pattern_detector(
        "azure-key",
        '"primarykey|"secondarykey|"primarymasterkey|"secondarymasterkey|"keyname|"primary"|"secondary"',
        r"\"\w{6,20}\"\s{0,3}:\s{0,3}(?:\"[\w-]{1,40}\",\s{0,40}(?:\"permissions\":\s{0,3}\"\w{1,12}\",\s{0,40})?\"value\"\s{0,3}:\s{0,3})?"
        r"\"(?P<s>[A-Za-z0-9+/]{40,100}={0,2})\"",
        looks.is_key,
    ),
    pattern_detector(
        "password", "defaultpassword|altdefaultpassword|password ", r"(?i:password)\s+REG_SZ\s+(?P<s>\S{1,255})"
    ),
    pattern_detector(
        "password", "defaultpassword", r"(?i:defaultpassword)[\"']?[=\s]+[\"']?(?P<s>[^\s\"']{1,255})", may_be_password
    ),
    pattern_detector(
        "password",
        "${",
        r"\$\{[\w.-]{0,60}?(?i:passw(?:or)?d|secret|pass)[\w.-]{0,20}(?::-|:=|:|-)(?P<s>(?!\?)[^\s${}\"']{4,255})\}",
        may_be_password,
    ),
    pattern_detector(
        "aws-secret",
        "akia|asia",
        r"A(?:KI|SI)A[A-Z0-9]{16}[\"'\s:,=|;]{1,10}(?:\w{0,30}[\"'\s:,=|]{1,10})?"
        r"(?P<s>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])",
        looks.is_random,
    ),
)
_BEFORE: tuple[PrefixDetector, ...] = (
    PrefixDetector(
        "wallet-key", (" wif", " private key"), Pattern(r"\s?(?P<s>[1-9A-HJ-NP-Za-km-z]{51,52})(?!\w)"), looks.is_key
    ),
    PrefixDetector("password", (".tochararray()",), Pattern(r"\"(?P<s>[^\"\n]{6,128})\""), looks.is_password_like),
    PrefixDetector(
        "password",
        (
            " as password",
            " as the password",
            " as pw",
            " is the password",
            " as passwort",
            " as token",
            " as the token",
        ),
        Pattern(r"[\"'`]?(?P<s>[^\s\"'`]{8,255})"),
        looks.is_made_up,
    ),
    PrefixDetector(
        "url-password",
        ("@tcp(", "@tcp6(", "@unix("),
        Pattern(r"(?P<s>[^\s\"'/()]{1,255}?):[\w.%-]{1,64}(?!\w)"),
        looks.could_be_secret,
    ),
    PrefixDetector(
        "password",
        ("| convertto-securestring",),
        Pattern(r"\s?[\"'](?P<s>[^\"'\n]{1,255})[\"']"),
        looks.could_be_secret,
    ),
    PrefixDetector(
        "password",
        ("</value><plaintext>true", "</value>\n"),
        Pattern(r"(?i)(?P<s>[^<>\n]{1,255})>eulav<"),
        looks.could_be_secret,
        Pattern(r"(?i)</value>\s*<plaintext>true"),
    ),
)
SERVICES: tuple[Detector, ...] = (*SQL, *PROTOCOLS, *DEVICES, *MAINFRAMES, *CONFIGURATION, *CODE, *_BEFORE)
