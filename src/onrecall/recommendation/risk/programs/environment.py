"""Variables in front of a command or set in the shell: which of them only say where to look or how to print."""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cache

from onrecall.recommendation.risk.assessment import Assessment, not_understood, read_only
from onrecall.recommendation.risk.programs.argv import is_unknown
from onrecall.recommendation.risk.sections import lines, words


def judge_assignment(name: str, value: str, program: Sequence[str] = ()) -> Assessment:
    """Judge a variable set for one command; it is harmless only if `environment.txt` lists it."""
    if name == "IFS" and program == ["read"]:
        return read_only("")
    for pattern, allowed in _harmless_variables():
        if fnmatchcase(name, pattern):
            return read_only("") if re.fullmatch(allowed, value) else not_understood(f"`{name}={value[:40]}`")
    return not_understood(f"the variable `{name}`")


def judge_shell_variable(name: str, value: str, source: str) -> Assessment:
    """Judge a shell variable: harmless if the same text uses it, or the table lists it."""
    if not _is_special(name) and re.search(
        r"\$\{?#?" + re.escape(name) + r"\b|\(\(.*\b" + re.escape(name) + r"\b", source
    ):
        return read_only("")
    if is_custom_variable(name):
        return read_only("")
    return judge_assignment(name, value)


def is_custom_variable(name: str) -> bool:
    """Return whether the name is one that people choose for their own values, as in NS=payments."""
    return (
        name.isupper() and name.rpartition("_")[2] in words("programs/environment.txt", "own") and not _is_special(name)
    )


def _is_special(name: str) -> bool:
    return is_unknown(name) or any(
        fnmatchcase(name, pattern) for pattern in words("programs/environment.txt", "special")
    )


@cache
def _harmless_variables() -> tuple[tuple[str, str], ...]:
    rows = []
    for line in lines("programs/environment.txt", "harmless"):
        names, _, allowed = line.partition(" = ")
        rows += [(name, allowed or r"(?s:.*)") for name in names.split()]
    return tuple(rows)
