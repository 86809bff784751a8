"""What people write around and into commands: fences, prompts, placeholders such as `<pod>` and `{{ name }}`."""

import re

from onrecall.recommendation.risk.characters import VARIABLE

_FENCE = re.compile(r"\A\s*```\w*[ \t]*\n?|\n?[ \t]*```\s*\Z")
_PROMPT = re.compile(
    r"^[ \t]*(?:\$ |\[?[\w.-]+@[\w.-]+[: ]?[\w~/.-]*\]?[$#] |PS [A-Za-z]:[\w\\ .-]*> |\w+[=-][#>] "
    r"|(?:mysql|redis|mongosh?|MariaDB \[\w+\]|sqlite|[\d.]+:\d+(?:\[\d+\])?|cqlsh(?::\w+)?)> )",
    re.MULTILINE,
)
_QUOTED_NAME = re.compile(r"‹[^‹›\n]{1,200}›")
_TEMPLATE = re.compile(r"\{\{\s*[A-Za-z_][\w.-]*\s*\}\}")
_ANGLES = re.compile(r"<([A-Za-z][\w .:-]{0,40})>")
_BEFORE = frozenset(" \t\n=:/@-_.,('\"[{|;&")
_AFTER = frozenset(" \t\n=:/@-_.,)'\"]};|&")
_PATH = re.compile(r"[~./]|[\w-]+\.\w{1,4}(?:\s|$)")


def prepare(text: str) -> str:
    """The command without fence and prompts, each placeholder made the sign of a value that is not known."""
    bare = _PROMPT.sub("", _FENCE.sub("", text))
    marked = _TEMPLATE.sub(VARIABLE, _QUOTED_NAME.sub(VARIABLE, bare))
    return _ANGLES.sub(lambda match: VARIABLE if _is_placeholder(match, marked) else match[0], marked).strip()


def is_only_comments(text: str) -> bool:
    """Whether every line is a comment: then the sign may be the prompt of an administrator."""
    return all(line.lstrip().startswith("#") for line in text.splitlines() if line.strip())


def without_comment_signs(text: str) -> str:
    return "\n".join(re.sub(r"^\s*#+ ?", "", line) for line in text.splitlines())


def _is_placeholder(match: re.Match[str], text: str) -> bool:
    """Whether `<name>` stands for a value; the shell would read a file and write another one.

    In doubt it is what the shell makes of it: `cat <a>/var/lib/x` writes a file, `/var/log/<service>/app.log` hardly.
    """
    before = text[match.start() - 1 : match.start()] or " "
    after = text[match.end() : match.end() + 1] or " "
    if before not in _BEFORE or after not in _AFTER:
        return False
    if not before.isspace() or _is_quoted(text, match.start()):
        return True
    if after == "/":
        return False
    return len(match[1]) > 2 or not _PATH.match(text[match.end() :].lstrip(" \t"))


def _is_quoted(text: str, place: int) -> bool:
    """Whether a place lies inside of quotes, as the shell counts them."""
    quote = ""
    skip = False
    for char in text[:place]:
        if skip:
            skip = False
        elif char == "\\" and quote != "'":
            skip = True
        elif char in "'\"" and quote in ("", char):
            quote = "" if quote else char
    return bool(quote)
