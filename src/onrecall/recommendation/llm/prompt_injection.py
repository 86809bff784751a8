"""Lines of evidence that speak to a model instead of telling what was done: they are not shown to one, nor cited.

A list of phrases is never complete. It is the outermost wall; the checks of what comes back do not rely on it.
"""

import base64
import binascii
import re
import unicodedata

_PHRASES = re.compile(
    r"""
      \b(?:ignor(?!ed\b|es\b)\w+|disregard(?!ed\b|s\b)\w*|forget(?!s\b)\w*|vergiss|missachte|oublie\w*|olvid\w+|esque[cç]\w+|dimentica\w*|negeer
        |zignoruj)\b.{0,60}
        \b(?:instructions?|evidence|rules?|prompts?|above|previous|prior|everything|anweisung\w*|regeln|belege
        |pr[eé]c[eé]dent\w*|preuves|consignes|instrucciones|reglas|pruebas|instru[cç]\w+|istruzioni|regole|instructies
        |instrukcje)\b
    | ^\W*(?:system|assistant|developer)\s*(?:prompt|message|override|note|instruction)?\s*[:>\]}]
    | <\|?/?\s*(?:im_start|im_end|system|assistant|endoftext)\b | \[/?INST\]
    | \#\#\#\s*(?:instruction|system|response)
    | \b(?:you\s+are\s+(?:now\s+)?(?:an?\s|no\s+longer)|pretend|role-?\s?play|jailbreak|developer\s+mode|dan\s+mode)\b
    | \b(?:language\s+model|LLM|AI\s+(?:model|assistant|agent)|chat-?gpt|sprachmodell)\b
    | \b(?:tell|instruct|convince|urge|advise)\s+(?:the|every|all|any)?\s*(?:users?|operators?|engineers?|on-?call)\b
    | \byour\s+(?:answer|response|reply|output|explanation|summary)\s+(?:must|should|shall|has\s+to|begins?)\b
    | (?:^|[.!?:;,>\]]\s*|\b(?:please|now|always|you)\s+(?:must\s+|should\s+|shall\s+)?)
        (?:respond|reply|answer|output|return|print|cite|repeat)\s+(?:only|with|exactly|the\s+following|json)\b
    | \b(?:new|updated|real|actual|secret)\s+(?:instructions?|task|orders?)\b
    | !?\[[^\]]*\]\s*\( | \b(?:javascript|data)\s*:\s*\S
    | \u5ffd\u7565|\u7121\u8996|\u7121\u89c6
    | \u0438\u0433\u043d\u043e\u0440\u0438\u0440\u0443|\u062a\u062c\u0627\u0647\u0644
    | \u0905\u0928\u0926\u0947\u0916|\ubb34\uc2dc
    """,
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)
_STEERING = re.compile(
    r"""
      \bplease\b | \bnow\s+run\b | \byou\s+(?:are|must|should|shall|have\s+to|need\s+to|can|will|forward)\b
    | \byour\s+(?:answer|explanation|response|reply|output|summary|report)\b
    | (?:^|[.;:!?]\s*)(?:do\s+not|don't|never|always)\s+\w+
    | \b(?:you|everyone|everybody|operators?|engineers?|responders?|on-?call)\b.{0,20}?
        \b(?:must|should|shall|ha(?:s|ve)\s+to|needs?\s+to)\b
    | (?:https?|hxxps?|ftp):/ | \bwww\. | \bmailto: | &&\s*\S | \|\s*(?:sh|bash|zsh|python\d?)\b | \$\(
    """,
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)
"""Speech to whoever reads, a place to go to, or a line for a shell. Any other mark, name or word is data."""
_ESCAPED = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2}))")
_CODED = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
MAX_READ_LENGTH = 20_000


def addresses_model(text: str) -> bool:
    """Whether a line looks like an order to a model, also where letters were disguised or it was coded."""
    normalized = unicodedata.normalize("NFKC", _unescape(text[:MAX_READ_LENGTH]))
    if any(unicodedata.category(character) in ("Cf", "Co", "Cs") for character in normalized):
        return True
    return _PHRASES.search(normalized) is not None or any(
        _PHRASES.search(_decode_base64(code)) for code in _CODED.findall(normalized)
    )


def gives_instructions(cause: str) -> bool:
    """Whether a cause says more than what was wrong: what somebody has to do, or where to go."""
    normalized = unicodedata.normalize("NFKC", cause[:MAX_READ_LENGTH])
    return addresses_model(normalized) or _STEERING.search(normalized) is not None


def _unescape(text: str) -> str:
    """The text with letters in place of their codes, which a model reads as letters."""
    return _ESCAPED.sub(lambda code: chr(int(code[1] or code[2], 16)), text)


def _decode_base64(code: str) -> str:
    try:
        return base64.b64decode(code + "=" * (-len(code) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
