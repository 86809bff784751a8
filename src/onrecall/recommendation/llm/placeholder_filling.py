"""Placeholders in a command: what stands there may be put in only from the incident's own fields."""

import re
from collections.abc import Mapping

from onrecall.domain.markdown_page import collapse_whitespace

HOLE = re.compile(
    r"\u2039[^\u2039\u203a\n]{1,200}\u203a|<[A-Za-z][\w .:-]{0,40}>|\{\{ ?[\w.-]{1,40} ?\}\}|\$\{[A-Z_]{1,40}\}"
)
"""An old value in its marks, or a placeholder as runbooks write them."""
PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:-]{0,199}")
"""A value that is one word to every shell, and no flag."""


def filled(template: str, given: str, fields: Mapping[str, str]) -> bool:
    """Whether a command is the template itself, or that with fields of the incident in its placeholders."""
    if collapse_whitespace(given) == collapse_whitespace(template):
        return True
    values = [re.escape(value) for value in sorted(set(fields.values())) if PLAIN.fullmatch(value)]
    parts, at = [], 0
    for hole in HOLE.finditer(template):
        parts += [re.escape(template[at : hole.start()]), f"(?:{'|'.join([re.escape(hole[0]), *values])})"]
        at = hole.end()
    return re.fullmatch("".join([*parts, re.escape(template[at:])]), given) is not None
