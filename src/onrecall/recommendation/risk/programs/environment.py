"""Variables in front of a command or set in the shell: which of them only say where to look or how to print."""

import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import cache, lru_cache

from onrecall.recommendation.risk.assessment import Assessment, not_understood, read_only
from onrecall.recommendation.risk.programs import connection_targets
from onrecall.recommendation.risk.programs.argv import is_unknown
from onrecall.recommendation.risk.sections import lines, matches, words


def judge_assignment(name: str, value: str, program: Sequence[str] = ()) -> Assessment:
    """Judge a variable set for one command; it is harmless only if `environment.txt` lists it."""
    if name == "IFS" and program == ["read"]:
        return read_only("")
    judge_value = _find_variable(name)
    return judge_value(value) if judge_value is not None else not_understood(f"the variable `{name}`")


def judge_shell_variable(name: str, value: str, source: str) -> Assessment:
    """Judge a shell variable: by the table if that lists it, and harmless if the same text uses it."""
    if _find_variable(name) is None and (_is_used(name, source) or is_custom_variable(name)):
        return read_only("")
    return judge_assignment(name, value)


def _is_used(name: str, source: str) -> bool:
    """Whether a text uses a variable that has no meaning to any program."""
    used = re.escape(name)
    return not _is_special(name) and re.search(rf"\$\{{?#?{used}\b|\(\(.*\b{used}\b", source) is not None


def is_custom_variable(name: str) -> bool:
    """Return whether the name is one that people choose for their own values, as in NS=payments."""
    return (
        name.isupper() and name.rpartition("_")[2] in words("programs/environment.txt", "own") and not _is_special(name)
    )


def _is_special(name: str) -> bool:
    return is_unknown(name) or matches("programs/environment.txt", "special", name)


@lru_cache(maxsize=4096)
def _find_variable(name: str) -> Callable[[str], Assessment] | None:
    """Return what judges the values of a listed variable; None where it is not listed."""
    return next((judge for pattern, judge in _listed_variables() if fnmatchcase(name, pattern)), None)


@cache
def _listed_variables() -> tuple[tuple[str, Callable[[str], Assessment]], ...]:
    rows: list[tuple[str, Callable[[str], Assessment]]] = []
    for line in lines("programs/environment.txt", "harmless"):
        names, _, kind = line.partition(" : ")
        names, _, allowed = names.partition(" = ")
        judge = connection_targets.TARGETS[kind] if kind else _allow(allowed or r"(?s:.*)")
        rows += [(name, judge) for name in names.split()]
    return tuple(rows)


def _allow(allowed: str) -> Callable[[str], Assessment]:
    form = re.compile(allowed)
    return lambda value: read_only("") if form.fullmatch(value) else not_understood(f"the value `{value[:40]}`")
