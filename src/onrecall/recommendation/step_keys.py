"""The key that all wordings of one action share, so that its tries are counted together."""

import re
from functools import lru_cache

from onrecall.domain.markdown_page import collapse_whitespace
from onrecall.recommendation.instance_values import mask_instance_values
from onrecall.recommendation.sanitize import MAX_READ_LENGTH, clean
from onrecall.recommendation.text_similarity import extract_stems

MAX_KEYED_LENGTH = 500
"""Characters of a step told in words that make its key: fewer than are shown, so a shown step keeps its key."""

_PROMPT = re.compile(r"^(?:[$#>]\s+)?(?:sudo\s+)?")
_STATEMENT = re.compile(
    r"(?:alter|analyze|begin|call|commit|create|delete|drop|explain|grant|insert|kill|reindex|rollback|select|set|show"
    r"|truncate|update|vacuum|with)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=8192)
def step_key(text: str, command: str | None) -> str:
    """Return the key of an action: the same on other hosts, in another tense, or with old values marked."""
    if command and (code := _command_key(command)):
        return f"run {code}"
    keyed = collapse_whitespace(clean(text[:MAX_READ_LENGTH]))[:MAX_KEYED_LENGTH]
    return f"do {' '.join(extract_stems(mask_instance_values(keyed).casefold()))}"


def _command_key(command: str) -> str:
    lines = (
        _PROMPT.sub("", line.strip()).rstrip(" ;")
        for line in mask_instance_values(clean(command[:MAX_READ_LENGTH])).splitlines()
    )
    code = collapse_whitespace(" ; ".join(line for line in lines if line))
    return code.casefold() if _STATEMENT.match(code) else code
