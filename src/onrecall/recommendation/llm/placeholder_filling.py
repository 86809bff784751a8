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
    """Whether a command is the template itself, or that with fields of the incident in its placeholders."""
    if collapse_whitespace(command) == collapse_whitespace(template):
        return True
    values = [re.escape(value) for value in sorted(set(fields.values())) if PLAIN_VALUE.fullmatch(value)]
    parts, position = [], 0
    for placeholder in PLACEHOLDER.finditer(template):
        parts += [
            re.escape(template[position : placeholder.start()]),
            f"(?:{'|'.join([re.escape(placeholder[0]), *values])})",
        ]
        position = placeholder.end()
    return re.fullmatch("".join([*parts, re.escape(template[position:])]), command) is not None
