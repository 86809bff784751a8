"""Secrets made at run time, from parts, in the places where they are met: nothing here is a secret, nothing looks like one."""

import base64
import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass

UP, LOW, NUM = string.ascii_uppercase, string.ascii_lowercase, string.digits
ALNUM = UP + LOW + NUM
HEX = NUM + "abcdef"
SEED = 20260401


@dataclass(frozen=True, slots=True)
class Leak:
    """A text with one secret in it."""

    kind: str
    text: str
    secret: str


def _random_text(rng: random.Random, alphabet: str, length: int) -> str:
    text = "".join(rng.choices(alphabet, k=length - 3))
    return text + rng.choice(NUM) + rng.choice([c for c in alphabet if c.isalpha()]) + rng.choice(NUM)


def _b64(rng: random.Random, length: int) -> str:
    return base64.b64encode(rng.randbytes(length)).decode().rstrip("=")


def _url64(rng: random.Random, length: int) -> str:
    return base64.urlsafe_b64encode(rng.randbytes(length)).decode().rstrip("=").strip("-_") + "k7"


def _jwt(rng: random.Random) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
    body = base64.urlsafe_b64encode(b'{"sub":"%d","iat":1516239022}' % rng.randrange(10**9)).decode().rstrip("=")
    return f"{head}.{body}.{_url64(rng, 32)}"


Maker = Callable[[random.Random], str]
VENDORS: dict[str, Maker] = {
    "aws id": lambda r: "AK" + "IA" + _random_text(r, UP + "234567", 16),
    "aws temporary id": lambda r: "AS" + "IA" + _random_text(r, UP + "234567", 16),
    "gcp key": lambda r: "AI" + "za" + _random_text(r, ALNUM + "-_", 35),
    "gcp oauth": lambda r: "ya" + "29." + _random_text(r, ALNUM + "-_", 80),
    "gcp client": lambda r: "GOC" + "SPX-" + _random_text(r, ALNUM + "-_", 28),
    "github classic": lambda r: "gh" + "p_" + _random_text(r, ALNUM, 36),
    "github oauth": lambda r: "gh" + "o_" + _random_text(r, ALNUM, 36),
    "github app": lambda r: "gh" + "s_" + _random_text(r, ALNUM, 36),
    "github fine": lambda r: "github_" + "pat_" + _random_text(r, ALNUM, 22) + "_" + _random_text(r, ALNUM, 59),
    "gitlab": lambda r: "gl" + "pat-" + _random_text(r, ALNUM, 20),
    "gitlab deploy": lambda r: "gl" + "dt-" + _random_text(r, ALNUM + "_-", 20),
    "slack bot": lambda r: "xo" + "xb-" + _random_text(r, NUM + "a", 12) + "-" + _random_text(r, NUM + "b", 13) + "-" + _random_text(r, ALNUM, 24),
    "slack app": lambda r: "xa" + "pp-1-" + _random_text(r, UP, 11) + "-" + _random_text(r, NUM + "c", 13) + "-" + _random_text(r, HEX, 64),
    "slack hook": lambda r: "T" + _random_text(r, UP, 8) + "/B" + _random_text(r, UP, 8) + "/" + _random_text(r, ALNUM, 24),
    "stripe": lambda r: "sk" + "_live_" + _random_text(r, ALNUM, 24),
    "stripe restricted": lambda r: "rk" + "_live_" + _random_text(r, ALNUM, 99),
    "stripe hook": lambda r: "wh" + "sec_" + _random_text(r, ALNUM, 32),
    "openai": lambda r: "s" + "k-" + _random_text(r, ALNUM, 48),
    "openai project": lambda r: "s" + "k-proj-" + _random_text(r, ALNUM + "_-", 120),
    "anthropic": lambda r: "s" + "k-ant-api03-" + _random_text(r, ALNUM + "_-", 93) + "AA",
    "groq": lambda r: "gs" + "k_" + _random_text(r, ALNUM, 52),
    "hugging face": lambda r: "h" + "f_" + _random_text(r, ALNUM, 34),
    "npm": lambda r: "np" + "m_" + _random_text(r, ALNUM, 36),
    "pypi": lambda r: "py" + "pi-AgEIcHlwaS5vcmc" + _random_text(r, ALNUM + "_-", 70),
    "docker": lambda r: "dck" + "r_pat_" + _random_text(r, ALNUM, 27),
    "twilio": lambda r: "S" + "K" + _random_text(r, HEX, 32),
    "sendgrid": lambda r: "S" + "G." + _random_text(r, ALNUM, 22) + "." + _random_text(r, ALNUM, 43),
    "mailgun": lambda r: "ke" + "y-" + _random_text(r, HEX, 32),
    "mailchimp": lambda r: _random_text(r, HEX, 32) + "-u" + "s12",
    "new relic": lambda r: "NR" + "AK-" + _random_text(r, UP + NUM, 27),
    "grafana": lambda r: "gl" + "sa_" + _random_text(r, ALNUM, 32) + "_" + _random_text(r, HEX, 8),
    "sentry": lambda r: "sntry" + "u_" + _random_text(r, HEX, 64),
    "vault": lambda r: "hv" + "s." + _random_text(r, ALNUM, 90),
    "terraform": lambda r: _random_text(r, ALNUM, 14) + ".atlas" + "v1." + _random_text(r, ALNUM, 67),
    "digitalocean": lambda r: "do" + "p_v1_" + _random_text(r, HEX, 64),
    "databricks": lambda r: "da" + "pi" + _random_text(r, HEX, 32),
    "doppler": lambda r: "dp" + ".pt." + _random_text(r, ALNUM, 43),
    "shopify": lambda r: "shp" + "at_" + _random_text(r, HEX, 32),
    "square": lambda r: "sq0" + "csp-" + _random_text(r, ALNUM + "_-", 43),
    "telegram": lambda r: "123456789" + ":A" + "A" + _random_text(r, ALNUM, 33),
    "linear": lambda r: "lin_" + "api_" + _random_text(r, ALNUM, 40),
    "atlassian": lambda r: "ATAT" + "T3xFfGF0" + _random_text(r, ALNUM, 170) + "=" + _random_text(r, UP, 8),
    "azure client": lambda r: _random_text(r, ALNUM, 3) + "8" + "Q~" + _random_text(r, ALNUM, 34),
    "pagerduty": lambda r: "pd" + "us+_" + _random_text(r, ALNUM, 24),
    "jwt": _jwt,
}  # fmt: skip

AROUND = [
    "2026-03-12T10:22:11.512Z ERROR upstream answered 401, key {} was not accepted",
    "export SERVICE_CREDENTIAL={}",
    '{{"level":"warn","msg":"refresh failed","apiToken":"{}","attempt":3}}',
    "  value: {}",
    "curl -sS -H 'X-Api-Key: {}' https://api.internal/v1/health",
    'GET /v1/items?access_token={}&page=2 HTTP/1.1" 200 1532',
    "we pasted `{}` into the runbook by mistake",
    '  + secret_value = "{}"',
    "Traceback (most recent call last):\n  File \"app.py\", line 12, in call\nValueError: bad key '{}'",
    "args=[--verbose --upstream-auth {}] pid=4711",
]  # fmt: skip


def _key_block(kind: str, body: str) -> str:
    rows = "\n".join(body[n : n + 64] for n in range(0, len(body), 64))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{rows}\n-----END {kind}PRIVATE KEY-----"


PASSWORD_PLACES = [
    "DB_PASSWORD={}",
    "export PGPASSWORD='{}'",
    "password: {}",
    '  password: "{}"',
    "spring.datasource.password={}",
    '{{"user": "app", "password": "{}", "host": "db-1"}}',
    '{{\\"user\\":\\"app\\",\\"password\\":\\"{}\\"}}',
    "postgres://app:{}@db-1.internal:5432/app?sslmode=require",
    "mongodb+srv://svc:{}@cluster0.abcde.mongodb.net/test",
    "amqp://guest:{}@rabbit:5672/%2f",
    "redis://:{}@cache:6379/0",
    "https://deploy:{}@git.internal/infra.git",
    "jdbc:postgresql://db:5432/app?user=app&password={}",
    "Server=tcp:db,1433;Database=app;User Id=sa;Password={};Encrypt=true",
    "mysql -h db -u root -p{} -e 'show processlist'",
    "mysqldump --user=root --password={} app > app.sql",
    'psql "host=db user=app password={} dbname=app"',
    "redis-cli -h cache -a {} info",
    "sshpass -p {} ssh ops@10.0.0.7 uptime",
    "curl -u admin:{} http://grafana:3000/api/health",
    "ALTER USER app WITH PASSWORD '{}';",
    "CREATE USER 'app'@'%' IDENTIFIED BY '{}';",
    "requirepass {}",
    "machine api.internal login ops password {}",
    "db-1.internal:5432:app:app:{}",
    "--admin-password {} --listen :8080",
    "vault login -method=userpass username=ops password={}",
    "ansible_become_pass: {}",
    "MYSQL_ROOT_PASSWORD: {}",
    "client_secret={}&grant_type=client_credentials",
    "the new password is {} until Friday",
    "SMTP_PASS={}",
    "-e POSTGRES_PASSWORD={} postgres:16",
    "<password>{}</password>",
    "passphrase: {}",
    "'secret' => '{}',",
]  # fmt: skip

TOKEN_PLACES = [
    "Authorization: Bearer {}",
    '-H "Authorization: Token token={}"',
    '{{"Authorization": "Bearer {}"}}',
    "authorization: GenieKey {}",
    "X-Vault-Token: {}",
    "PRIVATE-TOKEN: {}",
    "token={}",
    '"refresh_token":"{}"',
    "api_key: {}",
    "DD_API_KEY={}",
    "dd-application-key: {}",
    "?api_key={}&from=1700000000",
    "//registry.npmjs.org/:_authToken={}",
    'integration_key = "{}"',
    "ENCRYPTION_KEY={}",
    "SECRET_KEY_BASE={}",
    "kubectl --token={} get pods",
    "--token {}",
    "aws_session_token = {}",
    "Set-Cookie: session={}; Path=/; HttpOnly",
    "Cookie: _ga=GA1.2.3; sid={}",
    "JSESSIONID={}",
    "PHPSESSID={}; path=/",
]  # fmt: skip


def leaks() -> Iterator[Leak]:
    """All labelled secrets, the same ones in each run."""
    rng = random.Random(SEED)
    for number, (kind, make) in enumerate(VENDORS.items()):
        for place in range(4):
            around = AROUND[(number + 3 * place) % len(AROUND)]
            secret = make(rng)
            if kind == "slack hook":
                around = around.replace("{}", "https://hooks." + "slack.com/services/{}")
            yield Leak(kind, around.format(secret), secret)
    for place in PASSWORD_PLACES:
        for secret in (
            _random_text(rng, ALNUM, 12),
            "Tr0ub4dor!" + _random_text(rng, LOW, 4),
            rng.choice(["hunter", "dragon", "winter"]) + str(rng.randrange(10, 999)),
        ):
            yield Leak("password", place.format(secret), secret)
    for place in TOKEN_PLACES:
        for secret in (_random_text(rng, HEX, 32), _random_text(rng, ALNUM, 40)):
            yield Leak("token", place.format(secret), secret)
    yield from _many_lines(rng)


def _many_lines(rng: random.Random) -> Iterator[Leak]:
    for kind in ("RSA ", "", "EC ", "OPENSSH ", "ENCRYPTED ", "DSA "):
        body = _b64(rng, 800)
        yield Leak("private key", f"cat key.pem\n{_key_block(kind, body)}\ndone", body[64:128])
        indented = "\n".join("    " + line for line in _key_block(kind, body).splitlines())
        yield Leak("private key in YAML", f"tls:\n  key: |\n{indented}\n  other: 1", body[64:128])
        flat = _key_block(kind, body).replace("\n", "\\n")
        yield Leak("private key in JSON", '{"type": "service_account", "private_key": "' + flat + '\\n"}', body[10:60])
    cut = _b64(rng, 800)
    yield Leak("cut private key", _key_block("RSA ", cut)[:400], cut[64:128])
    for _ in range(4):
        access, hidden = VENDORS["aws id"](rng), _b64(rng, 30)
        yield Leak("aws pair", f"[default]\naws_access_key_id = {access}\naws_secret_access_key = {hidden}\n", hidden)
        yield Leak("aws pair", f"leaked: {access} {hidden}", hidden)
        auth = base64.b64encode(f"ops:{_random_text(rng, ALNUM, 12)}".encode()).decode()
        yield Leak("docker auth", '{"auths": {"registry.internal": {"auth": "' + auth + '"}}}', auth)
        yield Leak("basic auth", f"Authorization: Basic {auth}", auth)
        storage, shared = _b64(rng, 64), _b64(rng, 32).replace("/", "%2F").replace("+", "%2B")
        yield Leak("azure storage", f"DefaultEndpointsProtocol=https;AccountName=logs;AccountKey={storage}==;", storage)
        key = _b64(rng, 600)
        yield Leak("kubeconfig", f"users:\n- name: admin\n  user:\n    client-key-data: {key}\n", key)
        dsn = _random_text(rng, HEX, 32)
        yield Leak("sentry dsn", f"SENTRY_DSN=https://{dsn}@o11.ingest.sentry.io/42", dsn)
        yield Leak("sas", f"https://logs.blob.core.windows.net/c/b?sv=2022-11-02&sig={shared}%3D&se=x", shared)
