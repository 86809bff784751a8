"""Find values below their name: YAML block scalars and lists, JSON arrays, and values alone on the next line."""

import re
from collections.abc import Iterator

from onrecall.redaction import heuristics as looks
from onrecall.redaction.heuristics import Look
from onrecall.redaction.joints import FIRM, LOOSE, SURE
from onrecall.redaction.names import SecretName
from onrecall.redaction.scanner import SecretSpan

_OPENS = re.compile(
    r"(?:\\{0,3}[\"'`]|\*{1,2}|_{1,2}){0,3}[ \t]*[:=](?:\*\*|__)?[ \t]*(?:(?P<block>[|>][+-]?\d?[+-]?)[ \t]*)?"
    r"(?:#[^\n]*)?\r?\n"
)
_HEREDOC = re.compile(r"[\"']?[ \t]*[:=]?[ \t]*<<[-~]?[\"']?(?P<end>[A-Za-z]\w{0,30})[\"']?[ \t]*\r?\n")
_ARRAY = re.compile(r"[\"'`]?[ \t]*[:=][ \t]*(?:\[|(?<==)\((?=[\"']))")
_ITEM = re.compile(
    r"\s{0,40}(?:[\"'](?P<q>[^\"'\n]{1,1024})[\"']|(?P<b>[^\s\"',\[\]{}]{1,512}))(?:\s{0,40}(?P<more>,|[\])])|"
    r"(?P<next>[ ](?=[\"'])))"
)
_BRACE = re.compile(r"[\"'`]?[ \t]*[:=][ \t]*\{")
_MEMBER = re.compile(
    r"\s{0,40}[\"']?[\w.-]{1,100}[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?P<v>[^\s\"',{}]{1,1024})[\"']?\s{0,40}(?:,|(?=\}))"
)
_MAPPED = re.compile(
    r"(?P<indent>[ \t]*)[\w.-]{1,100}:[ \t]+[\"']?(?P<v>[^\s\"'#]{1,1024})[\"']?[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)"
)
_LISTED = re.compile(r"(?P<indent>[ \t]*)-[ \t]+[\"']?(?P<v>[^\s\"']{1,1024})[\"']?[ \t]*(?:\r?\n|\Z)")
_ALONE = re.compile(r"(?P<indent>[ \t]*)(?P<q>[\"'`]?)(?P<v>[^\s\"'`]{1,1024})(?P=q),?[ \t]*(?:\r?\n|\Z)")
_CODE = r"(?=[a-z-]{0,40}\d|[A-Z-]{0,40}\d|[A-Za-z]{4,10}-)[A-Za-z0-9]{4,12}(?:-[A-Za-z0-9]{4,12}){0,7}"
_CODE_LINE = re.compile(
    r"[ \t>*|-]{0,40}(?:\d{1,2}[.)][ \t]{1,4})?"
    rf"(?:[\"'`]?(?P<v>{_CODE}(?:[ \t,]{{1,8}}{_CODE}){{0,9}})[\"'`]?)?[ \t]*(?:\r?\n|\Z)"
)
_LINE = re.compile(r"(?P<indent>[ \t]*)(?P<v>\S[^\n]*?)?[ \t]*(?:\r?\n|\Z)")
_DEFAULT = re.compile(
    r"[\"']?(?:[Dd]efault(?:Value)?|[Vv]alue|content)[\"']?[ ]?[:=][ ]?[\"']?(?P<v>[^\s\"']{1,1024})[\"']?,?"
)
_MOST_MEMBERS = 8
_MOST = 200
"""Maximum lines or items of one list or block."""


def secrets_below(text: str, start: int, end: int, announced: SecretName) -> list[SecretSpan]:
    """Return the secrets below the name at `start`..`end`; empty if its value is on the same line."""
    heredoc = _HEREDOC.match(text, end)
    if heredoc is not None:
        return list(_heredoc_secrets(text, heredoc, announced))
    opened = _OPENS.match(text, end)
    if opened is None:
        return list(_array_secrets(text, end, announced)) or list(_object_secrets(text, end, announced))
    indent = _name_indent(text, start)
    if opened["block"]:
        return list(_block_secrets(text, opened.end(), indent, announced))
    if listed := list(_list_secrets(text, opened.end(), indent, announced)):
        return listed
    if announced.plural:
        codes = list(_code_lines(text, opened.end(), announced))
        return codes or list(_mapping_secrets(text, opened.end(), indent, announced))
    return list(_next_line_secrets(text, opened.end(), indent, announced)) or list(
        _default_below(text, opened.end(), indent, announced)
    )


def _name_indent(text: str, start: int) -> int:
    """Return the indentation of the name's line; the dash of a list counts as a blank."""
    head = text[max(0, start - 400) : start].rpartition("\n")[2]
    return len(head) - len(head.lstrip(" \t-\"'"))


def _block_secrets(text: str, at: int, indent: int, announced: SecretName) -> Iterator[SecretSpan]:
    """Yield each line of a block scalar."""
    for n in range(_MOST):
        line = _LINE.match(text, at)
        if line is None or line.end() == at or (line["v"] and len(line["indent"]) <= indent):
            return
        if line["v"] and (n or FIRM[announced.strength](line["v"])):
            yield SecretSpan(*line.span("v"), announced.kind)
        elif line["v"]:
            return
        at = line.end()


def _heredoc_secrets(text: str, head: re.Match[str], announced: SecretName) -> Iterator[SecretSpan]:
    """Yield each line of a here-document up to the word that ends it."""
    at = head.end()
    for n in range(_MOST):
        line = _LINE.match(text, at)
        if line is None or line.end() == at or line["v"] == head["end"]:
            return
        if line["v"]:
            if not n and not FIRM[announced.strength](line["v"]):
                return
            yield SecretSpan(*line.span("v"), announced.kind)
        at = line.end()


def _list_secrets(text: str, at: int, indent: int, announced: SecretName) -> Iterator[SecretSpan]:
    """Yield the secret items of a YAML list."""
    look = _item_check(announced)
    for _ in range(_MOST):
        item = _LISTED.match(text, at)
        if item is None or len(item["indent"]) < indent:
            return
        if look(item["v"]):
            yield SecretSpan(*item.span("v"), announced.kind)
        at = item.end()


def _code_lines(text: str, at: int, announced: SecretName) -> Iterator[SecretSpan]:
    """Yield the codes alone on the next lines, numbered or several on a line."""
    for _ in range(_MOST if announced.strength == "digits" else 0):
        line = _CODE_LINE.match(text, at)
        if line is None or line.end() == at:
            return
        if line["v"]:
            yield SecretSpan(*line.span("v"), announced.kind)
        at = line.end()


def _mapping_secrets(text: str, at: int, indent: int, announced: SecretName) -> Iterator[SecretSpan]:
    """Yield the secret values of a YAML mapping whose name is plural."""
    look = SURE[announced.strength]
    for _ in range(_MOST):
        member = _MAPPED.match(text, at)
        if member is None or len(member["indent"]) <= indent:
            return
        if look(member["v"]):
            yield SecretSpan(*member.span("v"), announced.kind)
        at = member.end()


def _array_secrets(text: str, end: int, announced: SecretName) -> Iterator[SecretSpan]:
    """Yield the secret items of a JSON or inline YAML array."""
    opened = _ARRAY.match(text, end)
    at = opened.end() if opened else 0
    look = _item_check(announced)
    for _ in range(_MOST if opened else 0):
        item = _ITEM.match(text, at)
        if item is None:
            return
        group = "q" if item["q"] else "b"
        if look(item[group]):
            yield SecretSpan(*item.span(group), announced.kind)
        if item["more"] in ("]", ")"):
            return
        at = item.end()


def _object_secrets(text: str, end: int, announced: SecretName) -> Iterator[SecretSpan]:
    """Yield the secret values of a JSON object whose name is plural."""
    opened = _BRACE.match(text, end) if announced.plural else None
    at = opened.end() if opened else 0
    look = SURE[announced.strength]
    for _ in range(_MOST if opened else 0):
        member = _MEMBER.match(text, at)
        if member is None:
            return
        if look(member["v"]):
            yield SecretSpan(*member.span("v"), announced.kind)
        at = member.end()


def _item_check(announced: SecretName) -> Look:
    if announced.strength in ("any", "word"):
        return looks.stands_out if announced.kind == "password" else looks.is_made_up
    return FIRM[announced.strength]


def _default_below(text: str, at: int, indent: int, announced: SecretName) -> Iterator[SecretSpan]:
    """Yield the value of a member `default` or `value` of the object below the name."""
    for _ in range(_MOST_MEMBERS):
        line = _LINE.match(text, at)
        if line is None or line.end() == at or not line["v"] or len(line["indent"]) <= indent:
            return
        member = _DEFAULT.fullmatch(line["v"])
        if member:
            if FIRM[announced.strength](member["v"]):
                yield SecretSpan(line.start("v") + member.start("v"), line.start("v") + member.end("v"), announced.kind)
            return
        at = line.end()


def _next_line_secrets(text: str, at: int, indent: int, announced: SecretName) -> Iterator[SecretSpan]:
    """Yield the value alone on the next line, if it is indented further or unmistakably a secret."""
    blank = re.compile(r"[ \t]*\r?\n").match(text, at)
    value = _ALONE.match(text, blank.end() if blank else at)
    if value is None or value["v"].endswith(":") or re.fullmatch(r"[\w.-]+[:=].*", value["v"]):
        return
    deeper = len(value["indent"]) > indent
    look = (FIRM if value["q"] and deeper else LOOSE if deeper else SURE)[announced.strength]
    if look(value["v"]):
        yield SecretSpan(*value.span("v"), announced.kind)
