"""Leave out what a mail ends with: thanks, the closing formula, the name, and what a telephone adds."""

import re
from collections.abc import Sequence

from onrecall.importers.postmortem.rows import DocumentRow, plain_text

_CLOSING = re.compile(
    r"\W*(?:(?:(?:best|kind|kindest|warm|many)\s+)?(?:regards|wishes)|best|cheers|sincerely"
    r"|yours(?: \w+)?|br|kr|thx|thanks|thank you"
    r"|(?:mit )?(?:freundlichen|freundliche|viele|beste|liebe|herzliche) (?:grüße?n?|gr(?:ü|ue)(?:ß|ss)en?)"
    r"|mfg|lg|vg|gruß|gruss|danke"
    r"|cordialement|bien à vous|merci|saludos(?: cordiales)?|un saludo|gracias|atenciosamente|obrigad[oa]|abraços"
    r"|cordiali saluti|saluti|grazie|met vriendelijke groet(?:en)?|groeten?)\W*(?:\w[\w.-]*\W*)?",
    re.IGNORECASE,
)
_COURTESY = re.compile(
    r"\W*(?:(?:many |big |special )?thanks\b(?! to (?:the )?(?:new|fix|change|cache|index|alert))"
    r"|thank you\b|sorry (?:again|for)\b|apologies\b"
    r"|(?:please )?(?:reply|answer|get back|reach out|contact|ask|let (?:me|us) know|feel free|shout"
    r"|ping me)\b"
    r".{0,60}\b(?:mail|questions?|forgot|missed|know|wrong|me|us|thread)\b"
    r"|see you\b|have a (?:nice|good|great)\b|sent from my\b|von meinem \w+ gesendet|envoyé de mon\b|enviado desde mi\b"
    r"|(?:vielen |herzlichen )?dank (?:an|für)\b|merci (?:à|de|pour)\b|gracias (?:a|por)\b)",
    re.IGNORECASE,
)


def without_farewell(rows: Sequence[DocumentRow]) -> list[DocumentRow]:
    """Return the rows up to a closing formula that stands alone, without paragraphs of courtesy."""
    before: list[DocumentRow] = []
    skips = False
    for place, row in enumerate(rows):
        is_text = row.kind == "text" and not row.nested
        opens = is_text and (not place or rows[place - 1].kind != "text")
        if opens and _CLOSING.fullmatch(plain_text(row.text)):
            return before
        skips = (opens and _COURTESY.match(plain_text(row.text)) is not None) or (skips and is_text)
        before += [] if skips else [row]
    return before
