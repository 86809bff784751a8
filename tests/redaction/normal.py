"""Normal log lines: each written line is filled several times with hashes, ids, numbers and addresses."""

import base64
import random
import re
import uuid
from pathlib import Path

HEX = "0123456789abcdef"
SAFE = "bcdfghjklmnpqrstvwxz2456789"


def lines(times: int = 7) -> list[str]:
    """All lines, the same ones in each run."""
    rng = random.Random(7)
    written = (Path(__file__).parent / "normal_lines.txt").read_text(encoding="utf-8").splitlines()
    return [_filled(line, rng) for _ in range(times) for line in written]


def _filled(line: str, rng: random.Random) -> str:
    filled = re.sub(r"(?<!\{)\{([a-zA-Z]+?)_?(\d*)\}(?!\})", lambda m: _value(m[1], int(m[2] or 0), rng), line)
    return filled.replace("{{", "{").replace("}}", "}")


def _value(kind: str, size: int, rng: random.Random) -> str:
    if kind == "n":
        return str(rng.randrange(10 ** (size - 1), 10**size))
    if kind in ("hex", "HEX"):
        digits = "".join(rng.choices(HEX, k=size))
        return digits if kind == "hex" else digits.upper()
    if kind == "r":
        return "".join(rng.choices(SAFE, k=size))
    if kind == "b":
        return base64.b64encode(rng.randbytes(size)).decode()[:size]
    if kind == "ts":
        return f"2026-03-{rng.randrange(10, 29)}T{rng.randrange(10, 24)}:{rng.randrange(10, 60)}:{rng.randrange(10, 60)}.512Z"
    if kind == "ip":
        return ".".join(str(rng.randrange(1, 255)) for _ in range(4))
    if kind == "uuid":
        return str(uuid.UUID(int=rng.getrandbits(128), version=4))
    message = f"no such placeholder: {kind}"
    raise ValueError(message)
