"""What was done, drawn from what somebody wrote about it: lists, commands, and whether it helped."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from textwrap import dedent

from onrecall.domain.incident import ResolutionStep, StepOutcome

_ITEM = re.compile(
    r"(?P<indent>\s*)(?:(?:step\s*)?\d{1,3}[.):]|[-*+\u2022\u2013])\s+(?:\[[ xX]\]\s+)?(?P<text>\S.*)", re.IGNORECASE
)
_FENCE = re.compile(r"\s*(?:(?:```|~~~)\s*(?P<language>[\w+-]*)|\{(?:code|noformat)(?::(?P<wiki>\w*))?[^}]*\})\s*")
_PROMPT = re.compile(r"\s*[$#]\s+(?P<command>\S.*)")
_SPAN = re.compile(r"`([^`\n]+)`|\{\{([^{}\n]+)\}\}")
_ROLLBACK = re.compile(r"\s*(?:to\s+)?(?:roll\s?back|undo|revert)\s*:\s*(?P<text>\S.*)", re.IGNORECASE)
_WORSE = re.compile(
    r"\b(?:made?|making)\s+(?:it|things|matters|everything|the\s+\w+)\s+(?:much\s+|even\s+)?worse\b|\bmade_it_worse\b|\bworsened\b",
    re.IGNORECASE,
)
_NO_HELP = re.compile(
    r"\b(?:(?:did|does)(?:\s+not|n['\u2019]t)\s+(?:help|work|fix|solve|resolve|change\s+anything|make\s+(?:a|any)\s+difference)"
    r"|(?:had|has|with|shows?|showed)?\s*no\s+(?:effect|improvement|change\s+in)|without\s+(?:success|effect)"
    r"|to\s+no\s+avail|made\s+no\s+difference|unsuccessful(?:ly)?|did_not_help)\b",
    re.IGNORECASE,
)
_TAG = re.compile(r"[(\[](?:did not help|made it worse|worked)[)\]]$", re.IGNORECASE)
_DEEDS = (
    "add adjust allow apply attach ban block bounce bump change clean clear configure cordon correct create decrease "
    "delete deploy detach disable downgrade drain drop enable evict expand extend failover fix flush force free grant "
    "increase install isolate kill limit lower migrate move patch pause pin point promote provision prune purge raise "
    "re-?issue re-?deploy re-?boot "
    "rebuild reclaim reconfigure recreate recycle re-?index reduce refresh reinstall reload "
    "remove renew replace repoint reset resize restart restore resume revert re-?run roll(?:ed|ing)?\\s+(?:back|out) "
    "rollback rotate run scale set shut(?:ting)?\\s+down start stop swap switch terminate throttle truncate turn "
    "unblock "
    "uncordon undo uninstall unlock unpin update upgrade vacuum wipe"
)
_DEED = re.compile(
    r"(?:(?:we|i|they|team|on-?call|engineers?|sre|ops|dba)\s+(?:then\s+|manually\s+)?|(?:then|manually|first|finally|temporarily)[,\s]+)?"
    rf"(?:{'|'.join(_DEEDS.split(' '))})(?:e?d|ped|ged|ned|ted|led|s|ing)?\b".replace("\\s+", r"\s+"),
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?;])\s+(?=[A-Z`\"'(])|\n+")
_TOOL_NAMES = (
    "alembic ansible apt apt-get aws az bash brew certbot chmod chown consul cp crictl ctr curl dd df dig dnf "
    "docker du echo etcdctl find flux gcloud git grep gsutil helm htop iostat iptables istioctl java jcmd "
    "journalctl jstack k9s kafka-consumer-groups kafka-topics kill killall kubectl lsof mkdir mongo mongosh "
    "mount mv mysql mysqladmin netstat nginx nmap nodetool npm nslookup oc openssl pg_ctl pg_dump pgbouncer pip "
    "pkill podman psql python rabbitmqctl redis-cli rm rsync sed service ss ssh strace su sudo sysctl systemctl "
    "tail tar tcpdump terraform top traceroute truncate umount unzip vault vgextend xfs_growfs yarn yum alter "
    "begin create delete drop explain grant insert reindex revoke select set show update vacuum"
)
_TOOLS = frozenset(_TOOL_NAMES.split())


_NUMBER = re.compile(r"\s*(?:step\s*)?\d{1,3}[.):]\s+", re.IGNORECASE)
_CLOSING_MARK = {"`": "`", '"': '"', "'": "'", "(": ")", "[": "]", "{": "}"}
_SHELLS = frozenset(("bash", "sh", "shell", "console", "zsh", "sql", "psql", "mysql", "powershell"))


@dataclass(slots=True)
class _Item:
    """A step on its way: its words so far and the code that stands with it."""

    words: list[str]
    indent: int = 0
    code: list[str] = field(default_factory=list)
    rollback: str | None = None


def outcome(said: str) -> StepOutcome:
    """What came of it, by the writer's own words; where nothing says otherwise, it worked."""
    if _WORSE.search(said):
        return "made_it_worse"
    return "did_not_help" if _NO_HELP.search(said) else "worked"


def steps(text: str | None, *, prose: bool = False) -> tuple[ResolutionStep, ...]:
    """The steps in a text: the items of its lists with their commands, or else the sentences that tell a deed.

    With `prose` every sentence is a step: for fields that hold nothing but what was done.
    """
    if not text:
        return ()
    found = [step for item in _items(text) if (step := _step(item))]
    if found:
        return tuple(found)
    told = (one.strip() for one in _SENTENCE.split(text))
    return tuple(
        step
        for sentence in told
        if (prose or _DEED.match(sentence) or _command(sentence)) and (step := _step(_Item([sentence])))
    )


def listed_steps(value: str | Sequence[str] | None) -> tuple[ResolutionStep, ...]:
    """Return the steps of a field that holds nothing but steps: a list, the lines of a text, or what semicolons part.

    Semicolons in code spans, quotes and brackets part nothing: there they belong to a command.
    """
    if isinstance(value, str):
        value = value.strip()
        parts = semicolon_parts(value) if "\n" not in value else []
        if len(parts) < 2:
            return steps(value, prose=True)
    else:
        parts = list(value or ())
    return steps("\n".join(f"- {_NUMBER.sub('', part)}" for part in parts), prose=True)


def semicolon_parts(text: str) -> list[str]:
    """Return what stands between the semicolons of a text, blanks and empty parts left out."""
    parts, start, closing = [], 0, ""
    for place, letter in enumerate(text):
        if closing:
            closing = closing.removesuffix(letter) if closing.endswith(letter) else closing + _nested(letter, closing)
        elif letter == ";":
            parts.append(text[start:place])
            start = place + 1
        elif letter in _CLOSING_MARK and text.find(_CLOSING_MARK[letter], place + 1) > 0:
            closing = _opens(letter, text, place)
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]


def _nested(letter: str, closing: str) -> str:
    """What closes a bracket inside of a bracket; in code and quotes brackets mean nothing."""
    return _CLOSING_MARK[letter] if letter in "([{" and closing[-1] in ")]}" else ""


def _opens(letter: str, text: str, place: int) -> str:
    """What closes a mark that opens here; an apostrophe within a word opens nothing."""
    apostrophe = letter == "'" and place > 0 and text[place - 1].isalnum()
    return "" if apostrophe else _CLOSING_MARK[letter]


class _Reader:
    """Reads a text line by line into list items with the code below them.

    A block of commands outside of any list is an item of its own, named by the line above it.
    """

    def __init__(self) -> None:
        self.items: list[_Item] = []
        self._item: _Item | None = None
        self._block: list[str] | None = None
        self._language = ""
        self._lead = ""
        self._blank = False

    def read(self, line: str) -> None:
        """Take the next line."""
        if fence := _FENCE.fullmatch(line):
            self._fence((fence["language"] or fence["wiki"] or "").lower())
        elif self._block is not None:
            self._block.append(line)
        elif not line.strip():
            self._blank = True
        else:
            self._words(line)
            self._blank = False

    def _fence(self, language: str) -> None:
        if self._block is None:
            self._block, self._language = [], language
            return
        for command in _commands(self._block, self._language):
            self._code(command)
        self._block, self._lead = None, ""

    def _words(self, line: str) -> None:
        if found := _ITEM.fullmatch(line):
            indent = len(found["indent"].expandtabs(4))
            if self._item and indent > self._item.indent + 1:
                self._item.words.append(found["text"])
            else:
                self._begin([found["text"]], indent)
        elif prompt := _PROMPT.fullmatch(line):
            self._code(prompt["command"])
        elif self._item and (not self._blank or line[0].isspace()):
            if rollback := _ROLLBACK.fullmatch(line):
                self._item.rollback = rollback["text"]
            else:
                self._item.words.append(line.strip())
        else:
            self._item, self._lead = None, line.strip()

    def _code(self, command: str) -> None:
        (self._item or self._begin([self._lead] if self._lead else [])).code.append(command)

    def _begin(self, words: list[str], indent: int = 0) -> _Item:
        self._item = _Item(words, indent)
        self.items.append(self._item)
        return self._item


def _items(text: str) -> list[_Item]:
    reader = _Reader()
    for line in text.splitlines():
        reader.read(line)
    return reader.items


def _commands(block: list[str], language: str) -> list[str]:
    """The commands in a block of code; nothing where it is a log or a configuration."""
    prompted = [found["command"] for line in block if (found := _PROMPT.fullmatch(line)) and line.lstrip()[0] == "$"]
    if prompted:
        return prompted
    code = [
        line.rstrip()
        for line in dedent("\n".join(block)).splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]
    return code if code and (language in _SHELLS or _is_command(code[0])) else []


def _step(item: _Item) -> ResolutionStep | None:
    said = " ".join(item.words).strip()
    command = "\n".join(item.code) or _command(said)
    text = _TAG.sub("", said).rstrip() or "".join(item.code[:1])
    return ResolutionStep(text, command, outcome(said), item.rollback) if text else None


def _command(sentence: str) -> str | None:
    """The first code span that is a command."""
    spans = (one or other for one, other in _SPAN.findall(sentence))
    return next((span.strip().removeprefix("$ ") for span in spans if _is_command(span)), None)


def _is_command(code: str) -> bool:
    words = code.strip().removeprefix("$ ").split(maxsplit=1)
    return len(words) == 2 and words[0].rstrip(";").rpartition("/")[2].lower() in _TOOLS
