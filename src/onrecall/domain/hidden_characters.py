"""Characters that hide in a text or turn the order of its letters around, apart from those that a language writes.

Stored text keeps them, for they may be what broke (a zero-width space in a file of configuration). Every door at which
people read removes them, as they make a command look other than it is copied.

Source: Unicode 16, general category Cf and Default_Ignorable_Code_Point; UAX 9 (direction), UAX 31 (joiners).
"""

import re

_NEVER_SHOWN = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
"""Overrides, embeddings and isolates of direction, zero-width blanks, fillers, soft hyphens, tags."""
_FROM_THE_RIGHT = "\u0590-\u061b\u061d-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
"""Letters that are written from right to left."""
_JOINING = (
    f"{_FROM_THE_RIGHT}\u0900-\u0dff\u0e80-\u10ff"
    "\u1780-\u17b3\u17b6-\u180a\u1810-\u18af\u1900-\u1cff\ua800-\uabff\U00011000-\U00011fff"
)
"""Letters of scripts that write joiners and non-joiners: Persian, Devanagari, Bengali, Sinhala, Khmer …"""
_PICTURES = "\u00a9\u00ae\u203c\u2049\u2100-\u3163\u3165-\u3299\U0001f000-\U0001faff"
_IDEOGRAPHS = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
HIDDEN_PATTERN = "|".join(
    (
        f"[{_NEVER_SHOWN}]",
        f"(?<![{_FROM_THE_RIGHT}])[\u061c\u200e\u200f](?![{_FROM_THE_RIGHT}])",  # marks of direction
        f"(?<![{_JOINING}])\u200c",
        f"(?<![{_JOINING}])(?:(?<![{_PICTURES}])(?<![{_PICTURES}]\ufe0f)\u200d|\u200d(?![{_PICTURES}]))",
        f"(?<![{_PICTURES}{_IDEOGRAPHS}0-9#*{_JOINING}])[\ufe00-\ufe0f]",  # variation selectors
        "(?<=[0-9#*])[\ufe00-\ufe0f](?!\u20e3)",
        "(?<![\u1820-\u18af])[\u180b-\u180d\u180f]",
        f"(?<![{_IDEOGRAPHS}])[\U000e0100-\U000e01ef]",
    )
)
"""Matches one character to remove. Joiners and marks of direction stay beside letters that need them."""
_HIDDEN = re.compile(HIDDEN_PATTERN)


def visible(text: str) -> str:
    """Return the text without hidden characters; that of any language keeps what it is written with."""
    return text if text.isascii() else _HIDDEN.sub("", text)
