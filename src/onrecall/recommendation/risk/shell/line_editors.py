"""Programs of `awk` and `sed`: they only print, unless they write files or run commands."""

import re
from dataclasses import dataclass

from onrecall.recommendation.risk.assessment import Assessment, destructive, not_understood, read_only
from onrecall.recommendation.risk.programs.file_targets import judge_overwrite
from onrecall.recommendation.risk.sections import words

_PRINTS = read_only("only prints")

_ADDRESS = re.compile(
    r"(?:(?:\d+|\$|/(?:[^/\\\n\[]|\\.|\[\]?[^\]\n]*\])*/[IM]*|\+\d+|~\d+|\d+~\d+)\s*(?:,\s*(?=[\d$/+~]))?){0,2}\s*!?\s*",
    re.DOTALL,
)
_SED_ALONE = frozenset("pPdDnNgGhHxlqQ=zF{}")
_SED_LABEL = re.compile(r"[btT:]\s*[\w-]*|[lqQL]\s*\d+")
_SED_TEXT = re.compile(r"[aic]\\?[^\n]*(?:\\\n[^\n]*)*")
_SED_FLAGS = re.compile(r"[gpiIm\d]*(?=\s*(?:[;}\n#]|$))")
_SED_BLANK = re.compile(r"[\s;]+|#[^\n]*")


def judge_sed(script: str) -> Assessment:
    """A script of sed: `w`, `e` and what can't be read are more than printing."""
    at = 0
    while at < len(script):
        blank = _SED_BLANK.match(script, at)
        if blank:
            at = blank.end()
            continue
        address = _ADDRESS.match(script, at)
        at = address.end() if address else at
        after = _sed_command(script, at)
        if isinstance(after, Assessment):
            return after
        at = after
    return _PRINTS


def _sed_command(script: str, at: int) -> int | Assessment:
    """Where a command ends, or why it is more than printing."""
    letter = script[at : at + 1]
    if letter in ("s", "y"):
        return _substitution(script, at)
    if letter in ("w", "W"):
        return judge_overwrite(script[at + 1 :].split("\n", maxsplit=1)[0].strip())
    if letter == "r":
        return (script + "\n").index("\n", at)
    for form in (_SED_LABEL, _SED_TEXT):
        match = form.match(script, at)
        if match:
            return match.end()
    if letter in _SED_ALONE and letter:
        return at + 1
    return not_understood(f"the command `{script[at : at + 20]}` of sed")


def _substitution(script: str, at: int) -> int | Assessment:
    letter, mark = script[at], script[at + 1 : at + 2]
    problem = not_understood(f"the command `{script[at : at + 30]}` of sed")
    if not mark or mark in "\\\n" or mark.isalnum():
        return problem
    middle = _end_of_part(script, at + 2, mark)
    end = _end_of_part(script, middle + 1, mark) if middle >= 0 else -1
    if end < 0 or re.search(r"\[[^\]]*$", script[at + 2 : middle]):
        return problem
    flags = _SED_FLAGS.match(script, end + 1)
    if flags is not None and letter == "s":
        return flags.end()
    written = re.match(r"[gpiIm\d]*w\s*([^\n]*)", script[end + 1 :])
    if written:
        return judge_overwrite(written[1])
    return end + 1 if letter == "y" else problem


def _end_of_part(script: str, at: int, mark: str) -> int:
    """Where the next unescaped mark stands, or -1."""
    while at < len(script):
        if script[at] == "\\":
            at += 1
        elif script[at] == mark:
            return at
        at += 1
    return -1


_AWK_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r]+|\\\n|\#[^\n]*)|(?P<end>[;\n{}])|(?P<string>"(?:[^"\\\n]|\\.)*")
    |(?P<number>\d+(?:\.\d*)?(?:[eE][-+]?\d+)?|\.\d+)
    |(?P<word>[A-Za-z_]\w*)|(?P<sign>\|\||&&|>>|[<>=!+\-*/%^]=|\+\+|--|[-+*/%^<>=!~?:,()\[\]$|&@.])""",
    re.VERBOSE,
)
_AWK_REGEX = re.compile(r"/(?:[^/\\\n\[]|\\.|\[\^?\]?(?:[^\]\\\n]|\\.)*\])*/")
_OPERANDS = ("string", "number", "word")


@dataclass(slots=True)
class _Awk:
    """Where a program of awk is read."""

    prints: bool = False
    """Whether a print statement is open, in which `>` writes a file."""
    parentheses: int = 0
    last_kind: str = ""
    last: str = ""

    def after_operand(self) -> bool:
        """Whether a slash divides here; else it begins a pattern."""
        return (
            self.last_kind in _OPERANDS and self.last not in words("programs/kinds.txt", "awk keywords")
        ) or self.last in (
            ")",
            "]",
            "$",
            "++",
            "--",
        )


def judge_awk(program: str) -> Assessment:
    """A program of awk: output into a file or a command, `system`, `getline` and what can't be read are more."""
    state = _Awk()
    at = 0
    while at < len(program):
        regex = None if state.after_operand() else _AWK_REGEX.match(program, at)
        match = regex or _AWK_TOKEN.match(program, at)
        if match is None or (program[at] == "/" and regex is None and state.last == ")"):
            return not_understood(f"`{program[at : at + 20]}` in awk")
        kind = "string" if regex else (match.lastgroup or "")
        if kind != "blank":
            problem = _awk_token(kind, match[0], program[match.end() :], state)
            if problem is not None:
                return problem
            state.last_kind, state.last = kind, match[0]
        at = match.end()
    return _PRINTS


def _awk_token(kind: str, symbol: str, following: str, state: _Awk) -> Assessment | None:
    """Why a symbol makes the program more than printing; None when it does not."""
    if kind == "end":
        state.prints, state.parentheses = False, 0
    elif kind == "word":
        state.prints = state.prints or symbol in ("print", "printf")
        if symbol == "getline" or (
            re.match(r"\s*\(", following) and symbol not in words("programs/kinds.txt", "awk functions")
        ):
            return not_understood(f"`{symbol}` in awk")
    elif symbol in ("(", ")"):
        state.parentheses += 1 if symbol == "(" else -1
    elif symbol in ("|", "@", "&") or (symbol in (">", ">>") and state.prints and state.parentheses <= 0):
        written = re.match(r'\s*"([^"\\]*)"', following)
        if symbol == ">" and written:
            return judge_overwrite(written[1])
        return destructive("awk overwrites a file") if symbol == ">" else not_understood(f"`{symbol}` in awk")
    return None
