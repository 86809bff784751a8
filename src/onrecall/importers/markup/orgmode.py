"""Convert Org to Markdown line for line, so that citations keep the line numbers of the file."""

import re

from onrecall.importers.postmortem.vocabulary import section_topic

_HEADING = re.compile(r"(?P<stars>\*+)\s+(?P<text>\S.*?)(?:\s+:[\w@:]+:)?\s*")
_KEYWORD = re.compile(r"#\+(?P<name>\w+):\s*(?P<value>.*)", re.IGNORECASE)
_BEGIN = re.compile(r"\s*#\+begin_(?P<kind>\w+)(?:\s+(?P<language>[\w+-]+))?.*", re.IGNORECASE)
_END = re.compile(r"\s*#\+end_\w+\s*", re.IGNORECASE)
_PROPERTY = re.compile(r"\s*:(?P<name>[\w-]+):\s+(?P<value>\S.*)")
_DRAWER = re.compile(r"\s*:(?:PROPERTIES|END|LOGBOOK|RESULTS):\s*", re.IGNORECASE)
_PLANNING = re.compile(r"\s*(?:SCHEDULED|DEADLINE|CLOSED):.*")
_DEADLINE = re.compile(r"\s*(?:(?:SCHEDULED|CLOSED):\s*[<\[][^>\]]*[>\]]\s*)*DEADLINE:\s*[<\[](?P<day>\d{4}-\d\d-\d\d)")
_DESCRIPTION = re.compile(r"(?P<lead>\s*[-+]\s+)(?P<name>\S.*?)\s+::\s+(?P<value>.*)")
_RULE = re.compile(r"\s*\|[-+|]+\s*")
_STAMP = re.compile(
    r"[<\[](\d{4}-\d\d-\d\d)(?:\s+[^\W\d_]{2,4}\.?)?(?:\s+(\d\d?:\d\d(?:-\d\d?:\d\d)?))?(?:\s+[.+]?\+\d\w)?[>\]]"
)
_LINK = re.compile(r"\[\[([^\[\]]+)\](?:\[([^\[\]]+)\])?\]")
_VERBATIM = re.compile(r"(?<![\w=~])([=~])(?!\s)([^\n]+?)(?<!\s)\1(?![\w=~])")
_BOLD = re.compile(r"(?<![\w*])\*(?!\s)([^*\n]+?)(?<!\s)\*(?![\w*])")
_FACTS = frozenset(
    (
        "date",
        "severity",
        "service",
        "status",
        "start",
        "end",
        "duration",
        "environment",
        "incident",
        "summary",
        "impact",
    )
)
_TASK = re.compile(r"(?P<state>TODO|NEXT|STARTED|WAITING|DONE|CANCELLED|CANCELED)\s+(?:\[#[A-Z]\]\s+)?(?P<text>\S.*)")
_TASK_MARKS = {
    **dict.fromkeys(("TODO", "NEXT", "WAITING"), "[ ]"),
    **dict.fromkeys(("CANCELLED", "CANCELED"), "CANCELLED"),
    "STARTED": "STARTED",
    "DONE": "[x]",
}
"""Task state → marker of a Markdown action item; a cancelled task is not done."""
_PERSON_TAG = re.compile(r"\s+:@?(?P<name>[A-ZÀ-Þ]\w+):\s*$")
"""A tag in the form of a name, by which people say whose task it is."""
_CODE = frozenset(("src", "example", "export"))


def to_markdown(text: str) -> str:
    """Return the text as Markdown with the same number of lines."""
    out: list[str] = []
    in_code = False
    in_actions = False
    for line in text.splitlines():
        begin = _BEGIN.fullmatch(line)
        if begin and begin["kind"].lower() in _CODE:
            in_code = True
            out.append(f"```{begin['language'] or ''}")
        elif _END.fullmatch(line):
            out.append("```" if in_code else "")
            in_code = False
        else:
            heading = None if in_code else _HEADING.fullmatch(line)
            task = heading and _TASK.fullmatch(heading["text"])
            if heading and not task:
                in_actions = section_topic(heading["text"]) == "actions"
            if task and in_actions:
                words = _PERSON_TAG.sub(r" (@\g<name>)", task["text"])
                out.append(f"- {_TASK_MARKS[task['state']]} {_inline(words)}")
            elif not (in_actions and not in_code and _add_deadline(line, out)):
                out.append(line if in_code else "" if begin else _line(line))
    return "\n".join(out) + "\n"


def _add_deadline(line: str, out: list[str]) -> bool:
    """Add the deadline of the task above to it; returns whether the line is one."""
    deadline = _DEADLINE.match(line)
    if deadline is None or not out or not out[-1].startswith("- "):
        return False
    out[-1] += f" (due {deadline['day']})"
    out.append("")
    return True


def _line(line: str) -> str:
    if heading := _HEADING.fullmatch(line):
        return f"{'#' * min(len(heading['stars']) + 1, 6)} {_inline(heading['text'])}"
    if _DRAWER.fullmatch(line) or _PLANNING.fullmatch(line) or line.startswith("# "):
        return ""
    if _RULE.fullmatch(line):
        return line.replace("+", "|")
    return _labelled_value(line) or _inline(line)


def _labelled_value(line: str) -> str:
    """Return a keyword, property or description item as label and value; empty if the line is none of these."""
    if keyword := _KEYWORD.fullmatch(line):
        name = keyword["name"].casefold()
        if name == "title":
            return f"# {_inline(keyword['value'])}"
        return f"**{name.capitalize()}:** {_inline(keyword['value'])}" if name in _FACTS else " "
    if field := _PROPERTY.fullmatch(line):
        return f"**{field['name'].replace('_', ' ')}:** {_inline(field['value'])}"
    if described := _DESCRIPTION.fullmatch(line):
        return f"{described['lead']}**{_inline(described['name'])}:** {_inline(described['value'])}"
    return ""


def _inline(text: str) -> str:
    text = _STAMP.sub(lambda stamp: " ".join(part for part in stamp.groups() if part), text)
    parts = re.split(r"(`[^`\n]+`)", _VERBATIM.sub(r"`\2`", text))
    return "".join(part if n % 2 else _without_marks(part) for n, part in enumerate(parts))


def _without_marks(text: str) -> str:
    text = _LINK.sub(lambda link: f"[{link[2] or link[1]}]({link[1]})", text)
    return _BOLD.sub(r"**\1**", text)
