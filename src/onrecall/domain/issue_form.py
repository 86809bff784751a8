"""Links to a tracker's form for a new issue, filled in. Nothing is sent: whoever follows the link sees the form."""

import re
from dataclasses import dataclass
from itertools import accumulate
from urllib.parse import quote

from onrecall.domain.action_item import is_web_address

LONGEST_LINK = 6_000
"""Characters of an address that trackers and browsers accept."""
_PLACEHOLDER = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True, slots=True)
class IssueForm:
    """The address of a form, with `{title}` and optionally `{body}` where they go."""

    template: str

    def problem(self) -> str | None:
        """Return what is wrong with the address, or None."""
        names = _PLACEHOLDER.findall(self.template)
        if "title" not in names:
            return "has no {title}; put it where the title of the issue goes"
        if unknown := sorted(set(names) - {"title", "body"}):
            return f"has {{{unknown[0]}}}; only {{title}} and {{body}} can be filled in"
        if not is_web_address(self._fill("x", "x")):
            return "is not an address; write a whole one that begins with https://"
        return None

    def link(self, title: str, body: str) -> str:
        """Return the address, filled in; the body, and the title if need be, is cut to `LONGEST_LINK`."""
        title = self._cut(title, "title", LONGEST_LINK - len(self._fill("", "")))
        return self._fill(title, self._cut(body, "body", LONGEST_LINK - len(self._fill(title, ""))))

    def _cut(self, text: str, name: str, room: int) -> str:
        """Return as much of a text as fits into so many characters wherever the template names it."""
        places = _PLACEHOLDER.findall(self.template).count(name)
        lengths = accumulate(len(_encode(letter)) * places for letter in text[: max(room, 0)])
        return text[: sum(length <= room for length in lengths)]

    def _fill(self, title: str, body: str) -> str:
        values = {"title": _encode(title), "body": _encode(body)}
        return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), self.template)


def _encode(text: str) -> str:
    return quote(text, safe="", errors="replace")
