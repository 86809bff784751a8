"""Placeholders in a command: what stands there may be put in only from the incident's own fields."""

import re
from collections.abc import Mapping

from onrecall.domain.markdown_page import collapse_whitespace

PLACEHOLDER = re.compile(
    r"\u2039[^\u2039\u203a\n]{1,200}\u203a|<[A-Za-z][\w .:-]{0,40}>|\{\{ ?[\w.-]{1,40} ?\}\}|\$\{[A-Z_]{1,40}\}"
)
"""An old value in its marks, or a placeholder as runbooks write them."""
PLAIN_VALUE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:-]{0,199}")
"""A value that is one word to every shell, and no flag."""


def is_filled_template(template: str, command: str, fields: Mapping[str, str]) -> bool:
    """Return whether a command is the template itself, or that with fields of the incident in its placeholders."""
    if collapse_whitespace(command) == collapse_whitespace(template):
        return True
    values = {value for value in fields.values() if value in command and PLAIN_VALUE.fullmatch(value)}
    ends, position = {0}, 0
    for placeholder in PLACEHOLDER.finditer(template):
        ends = _ends_after(command, ends, {template[position : placeholder.start()]})
        ends = _ends_after(command, ends, {placeholder[0], *values})
        position = placeholder.end()
    return len(command) in _ends_after(command, ends, {template[position:]})


def _ends_after(command: str, starts: set[int], words: set[str]) -> set[int]:
    """Return where one of the words can end that begins at one of these places of a command.

    All ways to fill the placeholders are followed at once: one after the other, they double with each placeholder.
    """
    return {start + len(word) for start in starts for word in words if command.startswith(word, start)}
