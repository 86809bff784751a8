"""PowerShell's own spellings, in words that Bash's grammar reads: hash tables as one word, short names in full."""

import re

_CMDLET = re.compile(r"\s*(?:[A-Z][A-Za-z]+-[A-Z]\w+|(?i:gci|gsv|gps|gwmi|gcim|irm|iwr|gdr)(?=\s))\b")
"""What a line of PowerShell begins with: a cmdlet, or a short name that no other shell has."""
_DATE = r"\(Get-Date\)(?:\.Add(?:Seconds|Minutes|Hours|Days)\(-?\d+\)|\.Date)?"
_ENTRY = rf"\s*\w+\s*=\s*(?:'[^'\n]*'|[\w.*,-]+|{_DATE})\s*"
_TIME = re.compile(_DATE)
_HASH_TABLE = re.compile(rf"@\{{(?:{_ENTRY};)*{_ENTRY};?\s*\}}")
"""A hash table of plain values, such as the filter of `Get-WinEvent`."""
_SHORT_NAMES = {
    "?": "Where-Object",
    "%": "ForEach-Object",
    "foreach": "ForEach-Object",
    "where": "Where-Object",
    "select": "Select-Object",
    "sort": "Sort-Object",
    "group": "Group-Object",
    "measure": "Measure-Object",
    "ft": "Format-Table",
    "fl": "Format-List",
    "sls": "Select-String",
}
_PROPERTY = re.compile(r"^\s*\(([A-Z][A-Za-z]+-[A-Z]\w+\b[^()]*)\)(?:\.\w+)+(?=\s*(?:\||$))")
"""A property of what a cmdlet returns; a method would have parentheses."""
_AFTER_PIPE = re.compile(rf"(\|\s*)({'|'.join(map(re.escape, _SHORT_NAMES))})(?=\s|$)", re.IGNORECASE)


def spell_out(text: str) -> str:
    """Return a text that begins with a cmdlet in words that a shell's grammar reads; any other text as it is."""
    text = _PROPERTY.sub(r"\1", text, count=1)
    if _CMDLET.match(text) is None:
        return text
    plain = _TIME.sub("TIME", _HASH_TABLE.sub("TABLE", text))
    return _AFTER_PIPE.sub(lambda match: match[1] + _SHORT_NAMES[match[2].lower()], plain)
