"""The verbs with which people mend things, their forms, and the words around them."""

import re
from importlib.resources import files

from onrecall.importers.postmortem.word_lists import word_set

AMBIGUOUS_VERBS = word_set("verbs that also happen by themselves")
"""Verbs that can also describe events; they count as actions only with an agent or an object."""
_VERBS = [line.partition(":") for line in files(__package__).joinpath("verbs.txt").read_text("utf-8").splitlines()[1:]]
FORMS = {form: verb for verb, _, forms in _VERBS for form in (verb, *forms.split())}
VERB_NAMES = frozenset(verb for verb, _, _ in _VERBS)
PAST = {
    form: verb for form, verb in FORMS.items() if form != verb and not form.endswith("ing") and not form.endswith("s")
}
PAST |= {verb: verb for verb in ("set", "reset", "shut", "put", "rerun", "cut", "split", "shed", "unset")}
PAST["re-run"] = "rerun"
INTRANSITIVE_VERBS = frozenset(("fail", "drop", "increase", "decrease", "recover", "expire", "shrink"))
"""Verbs that describe events rather than actions unless an object follows."""
NOUN_VERBS = word_set("verbs that are nouns")
"""Verbs that are also nouns; at the beginning of a sentence they are verbs only before an object."""
OBJECTS = word_set("objects")
MACHINES = word_set("machines")
MENDING_VERBS = word_set("verbs that mend a mistake")
RESULT_VERBS = word_set("verbs of results")
"""Verbs whose passive describes a state or an event."""
AMBIGUOUS_PASSIVE = word_set("verbs of results or deeds")
WORD = re.compile(r"[A-Za-z][\w'’-]*|\S")
LEAD = re.compile(
    r"(?:(?:then|next|first|second|finally|afterwards|later|manually|temporarily|immediately|also|again"
    r"|eventually|meanwhile|initially|subsequently|unfortunately|sadly|fortunately|luckily|once more|"
    r"by hand|to (?:mitigate|recover|help recover|fix (?:this|it)|stop the bleeding|resolve (?:this"
    r"|it))(?:[^,]{0,60})?|"
    r"as an? (?:\w+ ){0,2}(?:fix|measure|step|workaround|mitigation|test)|for good measure|after (?:that|this"
    r"|some digging)|in the end|at first|"
    r"at (?:about |around |approximately )?\d{1,2}[:.]\d\d(?:\s*(?:am|pm|utc|[A-Z]{2,4}))?|and|so|but)\s*,?\s+)+",
    re.IGNORECASE,
)
_NOT_DONE = re.compile(
    r"\b(?:should|could|would|might|may|must|need(?:s|ed)? to|want(?:s|ed)? to|plan(?:s|ned)? to|going to|will"
    r"|shall|ought to|to be|can|can't|cannot|"
    r"suggest(?:s|ed|ion)?|propos(?:e|es|ed|al)|consider(?:s|ed|ing)?|discuss(?:es|ed)?|ask(?:s|ed)?|wonder(?:s"
    r"|ed)?|not yet|recommend(?:s|ed)?|"
    r"instead|prematurely|usually|normally|always|often|every time|rather than|when|while|until|before we"
    r"|coincidence|had (?:just |already |previously |recently )?been|(?:realis|realiz|notic|know|knew|see|saw"
    r"|observ|discover|confirm|find|found|verif|report|show|indicat|reveal|note|learn|suggest|explain|mean"
    r"|believ|suspect)\w* that|if we|if you|decided not|don't|didn't|did not|do not|never|unable to|failed to"
    r"|waiting|believe[sd]?|tried to reproduce)\b",
    re.IGNORECASE,
)
SPEAKER = re.compile(
    r"@[\w./-]+\s*:\s+(?=\w)|(?:tried|done|did|action|attempt)\s*:\s+(?=\w)|(?:resolved|monitoring|identified|investigating|update|mitigated|fixed):\s+(?=\w)|(?-i:[A-Z][\w.'’-]{1,20}(?:\s[A-Z][\w.'’-]{0,20})?:\s+(?=[a-z]))",
    re.IGNORECASE,
)
"""Who wrote a line of a chat: `Rui: restarted the export`."""
DETERMINERS = frozenset(("the", "a", "an", "this", "that", "its", "our", "their", "each", "every"))
SUBORDINATE = re.compile(
    r"\b(?:that|which|who|if|because|unless|no|nothing|nobody|after|once|when|while|since|whether|how|why|where|leads?|led|caused?"
    r"|shows?|reveals?"
    r"|indicates?|means?|meant|as)\b",
    re.IGNORECASE,
)
_TROUBLES = frozenset(
    (
        "issue",
        "issues",
        "problem",
        "problems",
        "incident",
        "outage",
        "bug",
        "error",
        "errors",
        "all",
        "everything",
        "now",
        "and",
        "is",
        "was",
        "not",
        "been",
    )
)
"""Of these, `fixed` is a state and says not what was done."""
_AFTER_NOTE = word_set("behind a note")


def note_reports_action(note: str) -> bool:
    """Return whether a short note reports an action: `gateway restarted`, `firmware rolled back over the console`."""
    tokens = WORD.findall(note)[:12]
    for place, word in enumerate(tokens[1:8], start=1):
        form = word.casefold()
        mended = form == "fixed" and tokens[place - 1].casefold() not in _TROUBLES
        if (
            form not in PAST
            or (PAST[form] in RESULT_VERBS | AMBIGUOUS_PASSIVE and not mended)
            or PAST[form] in ("submit", "push", "drop")
        ):
            continue
        before, behind = " ".join(tokens[:place]), [token.casefold() for token in tokens[place + 1 : place + 2]]
        return not is_intent(before) and not SUBORDINATE.search(before) and (not behind or behind[0] in _AFTER_NOTE)
    return False


def is_intent(before: str) -> bool:
    """Return whether the text before a verb makes it a plan, a thought or a habit."""
    return _NOT_DONE.search(before) is not None
