"""Lines of evidence that speak to a model instead of telling what was done: they are not shown to one, nor cited.

A list of phrases is never complete. It is the outermost wall; the checks of what comes back do not rely on it.
"""

import base64
import binascii
import re
import unicodedata

_PHRASES = re.compile(
    r"""
      \b(?:ignor\w+|disregard\w*|forget\w*|vergiss|missachte|oublie\w*|olvid\w+|esque[cç]\w+|dimentica\w*|negeer
        |zignoruj)\b.{0,60}
        \b(?:instructions?|evidence|rules?|prompts?|above|previous|prior|everything|anweisung\w*|regeln|belege
        |pr[eé]c[eé]dent\w*|preuves|consignes|instrucciones|reglas|pruebas|instru[cç]\w+|istruzioni|regole|instructies
        |instrukcje)\b
    | ^\W*(?:system|assistant|developer)\s*(?:prompt|message|override|note|instruction)?\s*[:>\]}]
    | <\|?/?\s*(?:im_start|im_end|system|assistant|endoftext)\b | \[/?INST\]
    | \#\#\#\s*(?:instruction|system|response)
    | \b(?:you\s+are\s+(?:now|an?\s|no\s+longer)|pretend|role-?\s?play|jailbreak|developer\s+mode|dan\s+mode)\b
    | \b(?:language\s+model|LLM|AI\s+(?:model|assistant|agent)|chat-?gpt|sprachmodell)\b
    | \b(?:tell|instruct|convince|urge|advise)\s+(?:the|every|all|any)?\s*(?:users?|operators?|engineers?|on-?call)\b
    | \byour\s+(?:answer|response|reply|output|explanation|summary)\s+(?:must|should|shall|has\s+to|begins?)\b
    | \b(?:respond|reply|answer|output|return|print|cite|repeat)\s+(?:only|with|exactly|the\s+following|json)\b
    | \b(?:new|updated|real|actual|secret)\s+(?:instructions?|task|orders?)\b
    | !?\[[^\]]*\]\s*\( | \b(?:javascript|data)\s*:\s*\S
    | \u5ffd\u7565|\u7121\u8996|\u7121\u89c6
    | \u0438\u0433\u043d\u043e\u0440\u0438\u0440\u0443|\u062a\u062c\u0627\u0647\u0644
    | \u0905\u0928\u0926\u0947\u0916|\ubb34\uc2dc
    """,
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)
_STEERING = re.compile(
    r"\b(?:must|please|you|your|everyone|everybody|do\s+not|don't|has\s+to|have\s+to|needs?\s+to|now\s+run)\b"
    r"|(?<![\w/])\w+:/|\bwww\.|\w@\w|[\\;{}|&$<>]",
    re.IGNORECASE,
)
_CODED = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
READ = 20_000


def speaks_to_a_model(text: str) -> bool:
    """Whether a line looks like an order to a model, also where letters were disguised or it was coded."""
    said = unicodedata.normalize("NFKC", text[:READ])
    if any(unicodedata.category(c) in ("Cf", "Co", "Cs") for c in said):
        return True
    return _PHRASES.search(said) is not None or any(_PHRASES.search(_decoded(code)) for code in _CODED.findall(said))


def steers(cause: str) -> bool:
    """Whether a cause says more than what was wrong: what somebody has to do, or where to go."""
    said = unicodedata.normalize("NFKC", cause[:READ])
    return speaks_to_a_model(said) or _STEERING.search(said) is not None


def _decoded(code: str) -> str:
    try:
        return base64.b64decode(code + "=" * (-len(code) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
