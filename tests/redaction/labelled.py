"""Labelled texts: places where secrets are met, and lines of everyday life that hold none.

A file has one text a line: its family, a tab, the text. `‹pw›` stands for a secret that is made at run time, `‹~hex40›`
for a value that looks random and is no secret; `\\n`, `\\t`, `\\xNN` and `\\uNNNN` are decoded. So no file holds a secret.
"""

import base64
import random
import re
import string
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
LOWER, UPPER, DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
LETTERS = LOWER + UPPER
ALPHANUMERIC = LETTERS + DIGITS
HEX = DIGITS + "abcdef"
CRYPT = ALPHANUMERIC + "./"
WORDS = [
    "river",
    "candle",
    "orange",
    "planet",
    "winter",
    "bridge",
    "coffee",
    "silver",
    "garden",
    "monkey",
    "dragon",
    "rocket",
]
_PLACEHOLDER = re.compile(r"‹(~?)([a-zA-Z0-9_]+?)›")
_ESCAPE = re.compile(r"\\(?:([nrt\\])|x([0-9a-f]{2})|u([0-9a-f]{4}))")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text, its family, and the secrets in it."""

    family: str
    text: str
    secrets: tuple[str, ...]


def load(name: str, seed: int = 5) -> list[Labelled]:
    """The texts of a file, the same ones for the same seed."""
    rng = random.Random(seed)
    rows = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [fill(*row.split("\t"), rng) for row in rows if row and not row.startswith("# ")]


def fill(family: str, template: str, rng: random.Random) -> Labelled:
    """A template with its escapes decoded and its placeholders filled."""
    secrets: list[str] = []

    def value(match: re.Match[str]) -> str:
        secret = make(match[2], rng)
        if not match[1]:
            secrets.append(secret)
        return secret

    return Labelled(family, _PLACEHOLDER.sub(value, _ESCAPE.sub(_character, template)), tuple(secrets))


def survivors(labelled: Labelled, redacted: str) -> list[str]:
    """The secrets that can still be read in a redacted text, whole or by their last eight characters."""
    return [s for s in labelled.secrets if s in redacted or (len(s) >= 16 and s[-8:] in redacted)]


def _character(match: re.Match[str]) -> str:
    if match[1]:
        return {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}[match[1]]
    return chr(int(match[2] or match[3], 16))


def _mixed(rng: random.Random, alphabet: str, length: int) -> str:
    """Random characters with at least one letter and one digit, where the alphabet has both."""
    while True:
        candidate = "".join(rng.choices(alphabet, k=length))
        if length < 4 or all(
            set(candidate) & set(letters) for letters in (LETTERS, DIGITS) if set(alphabet) & set(letters)
        ):
            return candidate


def _base64(rng: random.Random, size: int) -> str:
    return base64.b64encode(rng.randbytes(size)).decode().rstrip("=")


def _url64(rng: random.Random, size: int) -> str:
    return base64.urlsafe_b64encode(rng.randbytes(size)).decode().strip("-_=") + "w4"


def _json64(rng: random.Random, text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _jwt(rng: random.Random) -> str:
    claims = f'{{"sub":"{rng.randrange(10**9)}","iss":"https://id.example"}}'
    return ".".join([_json64(rng, '{"alg":"RS256","typ":"JWT"}'), _json64(rng, claims), _url64(rng, 48)])


def _uuid(rng: random.Random) -> str:
    digits = "".join(rng.choices(HEX, k=32))
    return "-".join([digits[:8], digits[8:12], "4" + digits[13:16], "a" + digits[17:20], digits[20:]])


SIZED = {
    "an": lambda r, n: _mixed(r, ALPHANUMERIC, n),
    "lan": lambda r, n: _mixed(r, LOWER + DIGITS, n),
    "hex": lambda r, n: _mixed(r, HEX, n),
    "HEX": lambda r, n: _mixed(r, HEX.upper(), n),
    "dig": lambda r, n: str(r.randrange(10 ** (n - 1), 10**n)),
    "n": lambda r, n: str(r.randrange(10 ** (n - 1), 10**n)),
    "pw": lambda r, n: "".join(r.choices(ALPHANUMERIC, k=n or 12)),
    "cr": lambda r, n: _mixed(r, CRYPT, n),
    "b64_": _base64,
    "b64q_": lambda r, n: _base64(r, n).replace("+", "%2B").replace("/", "%2F"),
    "b64x_": lambda r, n: _base64(r, n).replace("+", "a").replace("/", "b"),
    "u64_": _url64,
    "u64x": lambda r, n: _mixed(r, ALPHANUMERIC + "-_", n - 1) + "k",
    "b32_": lambda r, n: _mixed(r, UPPER + "234567", n),
    "age": lambda r, n: _mixed(r, UPPER + DIGITS, n),
}
NAMED = {
    "sym": lambda r: _mixed(r, LETTERS, 5) + r.choice("!?*+^") + str(r.randrange(10, 99)) + r.choice("_.-=") + _mixed(r, LETTERS, 4),
    "word": lambda r: r.choice(WORDS) + str(r.randrange(10, 9999)),
    "three": lambda r: f"{r.choice(WORDS).title()}{r.randrange(2, 99)}{r.choice(WORDS).title()}",
    "wordyear": lambda r: f"{r.choice(WORDS).title()}-{r.randrange(1980, 2029)}",
    "group": lambda r: f"{r.randrange(1000, 9999)}-{r.randrange(1000, 9999)}",
    "groups": lambda r: f"{r.randrange(1000, 9999)} {r.randrange(1000, 9999)}",
    "low": lambda r: "".join(r.choices(LOWER, k=11)),
    "words": lambda r: " ".join(r.sample(WORDS, 4)),
    "mnemonic": lambda r: " ".join(r.choices(WORDS, k=12)),
    "uuid": _uuid,
    "jwt": _jwt,
    "akia": lambda r: "AK" + "IA" + _mixed(r, UPPER + "234567", 16),
    "basic": lambda r: base64.b64encode(f"ops:{_mixed(r, ALPHANUMERIC, 12)}".encode()).decode(),
    "basic0": lambda r: base64.b64encode(f"\0ops\0{_mixed(r, ALPHANUMERIC, 12)}".encode()).decode(),
    "b64pw": lambda r: base64.b64encode(f"{_mixed(r, ALPHANUMERIC, 13)}!7x".encode()).decode(),
    "b64url": lambda r: base64.b64encode(f"postgres://app:{_mixed(r, ALPHANUMERIC, 12)}@db/app".encode()).decode(),
    "bcrypt": lambda r: "$2" + "b$12$" + _mixed(r, CRYPT, 53),
    "sha512crypt": lambda r: "$" + "6$" + _mixed(r, CRYPT, 12) + "$" + _mixed(r, CRYPT, 86),
    "an64u": lambda r: _mixed(r, UPPER + DIGITS, 64),
    "an5l": lambda r: _mixed(r, LOWER + DIGITS, 5),
}  # fmt: skip


def make(name: str, rng: random.Random) -> str:
    """A made value of a kind, such as `pw`, `hex40` or `b64_32` (of 32 bytes)."""
    if name in NAMED:
        return NAMED[name](rng)
    kind, size = re.fullmatch(r"(.*?)(\d*)", name).groups()
    return SIZED[kind](rng, int(size or 0))
