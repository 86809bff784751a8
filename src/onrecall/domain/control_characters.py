"""Control characters in text that others wrote: a terminal would obey them."""

import unicodedata

from onrecall.domain.hidden_characters import visible

_OBEYED = ("Cc", "Cs")


def strip_control_characters(text: str) -> str:
    """Return a text without control and hidden characters; line breaks stay, and a tab becomes a blank."""
    return "".join(
        " " if character == "\t" else character
        for character in visible(text)
        if character in "\n\t" or unicodedata.category(character) not in _OBEYED
    )
