"""Which sentences tell a deed that somebody did to mend things, and what came of it."""

import re
from collections.abc import Iterator
from importlib.resources import files

from onrecall.domain.incident import StepOutcome
from onrecall.importers.postmortem.word_lists import words

_VAGUE = words("verbs that also happen by themselves")
"""Verbs that also tell what happened by itself: they need somebody who did it, or something it was done to."""
_VERBS = [line.partition(":") for line in files(__package__).joinpath("verbs.txt").read_text("utf-8").splitlines()[1:]]
_FORMS = {form: verb for verb, _, forms in _VERBS for form in (verb, *forms.split())}
_VERB_NAMES = frozenset(verb for verb, _, _ in _VERBS)
_PAST = {
    form: verb for form, verb in _FORMS.items() if form != verb and not form.endswith("ing") and not form.endswith("s")
}
_PAST |= {
    "set": "set",
    "reset": "reset",
    "shut": "shut",
    "put": "put",
    "rerun": "rerun",
    "re-run": "rerun",
    "cut": "cut",
    "split": "split",
    "shed": "shed",
    "unset": "unset",
}
_BY_THEMSELVES = frozenset(("fail", "drop", "increase", "decrease", "recover", "expire", "shrink"))
"""Verbs that tell what happened, not what somebody did, unless an object follows."""
_NOUNS = words("verbs that are nouns")
"""Verbs that are nouns as well: at the beginning of a sentence they are verbs only before an object."""
_OBJECTS = words("objects")
_WORD = re.compile(r"[A-Za-z][\w'’-]*|\S")
_LEAD = re.compile(
    r"(?:(?:then|next|first|second|finally|afterwards|later|manually|temporarily|immediately|also|again"
    r"|eventually|meanwhile|initially|subsequently|once more|"
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
_DECIDED = re.compile(
    r"\b(?:decided?s?|chose|agreed?|opted?|was able|were able|managed|had|tried|attempted|attempts?|tries|try"
    r"|began|started|proceeded?|elected) to\s+(?:\w+ly\s+)?(?P<verb>[\w-]+)",
    re.IGNORECASE,
)
_PASSIVE = re.compile(
    r"\s(?:was|were|is|are|has been|have been|got|gets)\s+(?:(?:\w+ly|then|also|again|all|both|entirely|first"
    r"|now)\s+){0,2}(?P<verb>[a-z][\w-]*)\b",
    re.IGNORECASE,
)
_RESULTS = words("verbs of results")
"""Verbs whose passive tells a state, or what happened by itself."""
_TO_VALUE = re.compile(r"(?:updated|changed|set) (?:back )?to\b", re.IGNORECASE)
_AMBIGUOUS_PASSIVE = words("verbs of results or deeds")
CONSEQUENCE = re.compile(
    r"^(?:this|that|it|which)\s+(?:also\s+)?(?:does|did|has|had)(?:\s+not|n['’]t)\b[^,;]{0,80}[,;]\s*(?:so"
    r"|and so|and|therefore|hence)\s+",
    re.IGNORECASE,
)
"""What a sentence says of the deed before, in front of the next one."""
_MAIN_CLAUSE = re.compile(
    r"^[^,]{3,120},\s+(?P<clause>(?:i|we)\s.+|the\s+[\w -]{1,60}\s(?:was|were|is|are)\s.+)", re.IGNORECASE
)
_CONDITION = re.compile(r"^(?:so\s+)?(?:when|if|since|because|although|while)\b", re.IGNORECASE)
_ADDED_DEED = re.compile(
    r"(?:,\s+(?:and\s+|then\s+)?|^(?:we|i)\b.{3,120}?\band\s+)(?P<verb>[a-z-]+ed)\s+(?:it|them|both|one of"
    r"|all of|the)\b"
    r"|\b(?:identified|found|located|diagnosed)\s+and\s+(?P<fixed>fixed|patched|reverted)\b",
    re.IGNORECASE,
)
_BY_COMMAND = re.compile(
    r"(?:we|i|they|on-?call|the (?:on-?call|team|engineer|sre|dba)[\w -]{0,30})\s[^`.]{2,120}?(?:with|via|using"
    r"|by running|by executing|:|\()\s*`",
    re.IGNORECASE,
)
_ATTEMPT = re.compile(
    r"(?P<tried>(?:(?:we|i|they)\s+)?(?:(?:also|then|first|even|just)\s+)*(?:tried|attempted)\s+)?(?:\w+ly\s+)?"
    r"(?P<stem>[a-z]+(?:-[a-z]+)*)ing\b"
    r"(?!\s+(?:of|that|was|is|shows?|showed)\b)",
    re.IGNORECASE,
)
_BY_DOING = re.compile(
    r"^(?:(?P<fixed>(?:it\s+(?:was|got)\s+|this\s+was\s+|we\s+)?(?:fixed|resolved|solved|mitigated|recovered"
    r"|stopped|restored)\s+(?:it\s+|this\s+)?by)|after|by|upon|once)\s+(?:(?:manually"
    r"|\w+ly)\s+)?(?P<verb>[\w-]+ing)\b",
    re.IGNORECASE,
)
_SUBORDINATE = re.compile(
    r"\b(?:that|which|who|if|because|unless|no|nothing|nobody|after|once|when|while|since|whether|how|why|where|leads?|led|caused?"
    r"|shows?|reveals?"
    r"|indicates?|means?|meant|as)\b",
    re.IGNORECASE,
)
_PEOPLE = words("people")
_MACHINES = words("machines")
_WORSE = re.compile(
    r"\b(?:ma(?:de|kes|king|ke)\s+(?:it|things|matters|everything|the\s+[\w ]{1,30}|recovery)\s+(?:much\s+"
    r"|even\s+|far\s+)?(?:worse|slower)"
    r"|made_it_worse|worsened|(?:got|became|becoming)\s+(?:much\s+|even\s+|far\s+)?worse|backfired|aggravated"
    r"|exacerbated|verschlimmert\w*)\b",
    re.IGNORECASE,
)
_NO_HELP = re.compile(
    r"\b(?:(?:did|does|do|has|had)(?:\s+not|n['’]t)\s+(?:seem\s+to\s+)?(?:come\s+back|return|go\s+(?:away|down)"
    r"|drop|finish|subside|disappear|decrease|fall|take\s+effect|help|work|fix|solve|resolve|change"
    r"|clear|improve|recover|make\s+(?:a|any)\s+difference|do\s+(?:anything|much)|get\s+better|bring)\w*"
    r"|(?:had|has|have|with|shows?|showed|saw|seeing|see|but)\s+(?:no|little|zero)\s+(?:\w+\s+)?(?:effect"
    r"|improvement|change|impact|luck|success|difference)|no\s+(?:effect|improvement|luck|difference|success"
    r"|change)\b(?!\s+(?:in\s+config|(?:was|were|is)\s+(?:needed|required|necessary)))"
    r"|without\s+(?:any\s+)?(?:success|effect|improvement)|to\s+no\s+avail|made\s+no\s+difference"
    r"|(?:which|that|it|this|but|and)\s+changed\s+nothing|unsuccessful(?:ly)?|did_not_help|in vain|useless|ineffective|"
    r"(?:it|this|that)\s+(?:does|did)\s+not(?=\W*$)|(?:errors?|problems?|issues?|symptoms?|alerts?|timeouts"
    r"|failures|outage|latency|exceptions|restarts|crashes)\s+(?:still\s+)?(?:persist(?:s|ed)?|remain(?:s|ed)?"
    r"|continue[sd]?|return(?:s|ed)|came\s+back|kept\s+\w+ing|went\s+on)"
    r"|(?:was|were|is|are|everything(?:['’]s| is| was)?)\s+still\s+(?:\w+\s+)?(?:failing|down|broken|timing"
    r"|crashing|erroring|full|slow|unavailable|there|present|happening|seeing|elevated|high|returning|throwing"
    r"|rejected|refused|stuck)"
    r"|still\s+\w+ing\b|(?:was|were|is|are|got)\s+still\s+\w+ed\b|still\s+(?:failing|failed|down|broken"
    r"|timing\s+out|crash\w*|see(?:ing)?\s+errors"
    r"|saw\s+errors|no\s+luck|the\s+same|happening|erroring|returned|full|getting|not\s+\w+)|same\s+(?:error"
    r"|result|problem|issue|symptoms?)s?\b|(?:only\s+)?helped\s+(?:only\s+)?(?:for|briefly)|only\s+(?:bought"
    r"|delayed)"
    r"|(?:filled|full|failed|crashed|fell over|died|recurred|hung|degraded|broke)\s+(?:up\s+)?again"
    r"|hat nicht geholfen|half nicht|brachte nichts|ohne erfolg|no ayudó|sans effet|n'a pas aidé"
    r"|不起作用|没有效果|効果なし"
    r"|改善せず|失敗)",
    re.IGNORECASE,
)
_HELPED = re.compile(
    r"\b(?:it helps?|that helped|this helped|which helped|(?:fixed|resolved|solved|cleared) (?:it|the|this"
    r"|everything)|back to normal|recover(?:s|ed|y)|restored|succeed(?:s|ed)?|"
    r"working again|returned to normal|healthy again|errors? (?:stopped|dropped|cleared|went away|ceased)"
    r"|came back|back up|resolved)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?;])[)\"'”]?\s+(?=[A-ZÄÖÜ`\"'(\[“@]|\d+[.)]\s)|(?<=[。\uff01\uff1f])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|approx|ca|no|dr|mr|ms|inc|st|resp|z\.\s?b|u\.\s?a)\.|\b[A-Z]\.)$", re.IGNORECASE
)


def sentences(text: str) -> list[str]:
    """The sentences of a text; a full stop within code or behind an abbreviation ends none."""
    spans = text.split("`")
    masked = "`".join("\0" * len(part) if n % 2 and n < len(spans) - 1 else part for n, part in enumerate(spans))
    found, begin = [], 0
    for end in _SENTENCE.finditer(masked):
        if _ABBREVIATION.search(masked[begin : end.start()]):
            continue
        found.append(text[begin : end.end()].strip())
        begin = end.end()
    found.append(text[begin:].strip())
    return [sentence for sentence in found if sentence]


def outcome_of(said: str) -> StepOutcome | None:
    """What came of something by the writer's own tokens; None where nothing is said of it."""
    if _WORSE.search(said):
        return "made_it_worse"
    if _NO_HELP.search(said):
        return "did_not_help"
    return "worked" if _HELPED.search(said) else None


def tells_deed(sentence: str) -> bool:
    """Whether a sentence tells something that people did to mend it, not what happened or should be done."""
    said = CONSEQUENCE.sub("", sentence.strip().lstrip("-*•> "), count=1)
    if _mended_by(said):
        return True
    said = _LEAD.sub("", said, count=1)
    return _tells(said) or _tells_in_clause(said) or _tells_vain_attempt(said)


def _tells_vain_attempt(said: str) -> bool:
    """`Remounting the share did not help`, `Tried reseating the card, no effect`."""
    return outcome_of(said) in ("did_not_help", "made_it_worse") and names_attempt(said)


def names_attempt(said: str) -> bool:
    """Whether a sentence begins with what was attempted, in the form `Remounting …` or `We tried remounting …`."""
    found = _ATTEMPT.match(said)
    if found is not None and found["tried"]:
        return not found["stem"].casefold().endswith("th")  # `Tried nothing`, `Tried everything`
    return found is not None and any(base in _VERB_NAMES - _BY_THEMSELVES for base in _bases(found["stem"].casefold()))


def _bases(stem: str) -> Iterator[str]:
    """The verbs of which a form in -ing may be, by what stands before -ing."""
    yield from (stem, f"{stem}e")
    if len(stem) > 3 and stem[-1] == stem[-2]:
        yield stem[:-1]


def _tells_in_clause(said: str) -> bool:
    """Whether a clause behind the first tells a deed: `…, I reverted the change`, `… and increased it`."""
    if _CONDITION.match(said):
        return False
    main = _MAIN_CLAUSE.search(said)
    if main is not None and _tells(main["clause"]):
        return True
    added = _ADDED_DEED.search(said)
    if added is None or not (added["fixed"] or added["verb"].casefold() in _PAST):
        return False
    return not _is_intent(said[: added.start()])


def _tells(said: str) -> bool:
    return bool(said) and (_decided(said) or _active(said) or _passive(said))


def tells_briefly(note: str) -> bool:
    """Whether a note such as `gateway restarted` or `firmware rolled back over the console` tells a deed."""
    tokens = _WORD.findall(note)[:12]
    for place, word in enumerate(tokens[1:8], start=1):
        form = word.casefold()
        if (
            form not in _PAST
            or _PAST[form] in _RESULTS | _AMBIGUOUS_PASSIVE
            or _PAST[form] in ("submit", "push", "drop")
        ):
            continue
        before, behind = " ".join(tokens[:place]), [one.casefold() for one in tokens[place + 1 : place + 2]]
        return not _is_intent(before) and not _SUBORDINATE.search(before) and (not behind or behind[0] in _BEHIND_NOTE)
    return False


_BEHIND_NOTE = words("behind a note")
_BEHIND_NOUN = words("behind a noun")
"""Words that follow a noun that looks like a verb: `Rebalance done`."""


def runs_command(sentence: str) -> bool:
    """Whether people are told to have done something by a command that stands in the sentence."""
    said = _LEAD.sub("", sentence.strip().lstrip("-*•> "), count=1)
    before = said.split("`", 1)[0]
    return not _is_intent(before) and _BY_COMMAND.match(said) is not None


def _is_intent(before: str) -> bool:
    """Whether what stands before a verb makes it a plan, a thought or a habit."""
    return _NOT_DONE.search(before) is not None


def _mended_by(said: str) -> bool:
    """`After restarting the hub, launches were back to normal`, `Fixed by removing the node`."""
    found = _BY_DOING.match(said)
    if found is None:
        return False
    form = found["verb"].casefold()
    return form in _FORMS and form.endswith("ing") and (bool(found["fixed"]) or outcome_of(said) is not None)


def _decided(said: str) -> bool:
    found = _DECIDED.search(said)
    if found is None or _is_intent(said[: found.start()]) or re.search(r"\bif (?:we|you|it|they)\b", said):
        return False
    verb = _FORMS.get(found["verb"].casefold())
    return (
        verb is not None
        and verb not in ("run", "take", "recover", "create")
        and _who(said[: found.start()]) != "machine"
    )


def _active(said: str) -> bool:
    """`Restarted the pods`, `We rolled back`, `Tim restarts the hub`, `Restart the pods`."""
    tokens = _WORD.findall(said)[:9]
    for place, token in enumerate(tokens):
        form = token.casefold()
        if form in _FORMS:
            told = _acts(tokens, place, said)
            if told is not None:
                return told
        if form in ("was", "were", "is", "are", "has", "have", "had", "been", ".", ":", ";") and place:
            return False
    return False


def _acts(tokens: list[str], place: int, said: str) -> bool | None:
    """Whether the verb at a place is somebody's deed; None: the next verb may be."""
    form = tokens[place].casefold()
    verb = _FORMS[form]
    before = " ".join(tokens[:place])
    if _is_intent(before) or (place and form == verb and verb in ("double", "halve")):
        return False
    if place == 0:
        return _opens_deed(form, verb, tokens[1:], said)
    who = _who(before)
    if who == "people" and not form.endswith("ing"):
        return True
    if who == "name" and (form in _PAST or form.endswith("s")) and verb not in _VAGUE and place <= 4:
        following = tokens[place + 1].casefold() if place + 1 < len(tokens) else ""
        return following not in ("was", "were", "is", "are", "has", "have", "had", "")
    return False if who == "machine" or form in _PAST else None


def _opens_deed(form: str, verb: str, rest: list[str], said: str) -> bool:
    """A verb at the very beginning: past and imperative tell a deed, a noun that looks like a verb does not."""
    if not rest:
        return False
    following = rest[0].casefold()
    if form.endswith("ing"):
        return outcome_of(said) is not None and form not in ("running", "setting", "recovering")
    if form in _PAST and form != verb:
        return verb not in _BY_THEMSELVES or following in _OBJECTS or following == "`"
    if form == verb and verb in _NOUNS:
        shown = form in _PAST and "`" in said and following != "of"  # `Set the lifetime to 28800: `ipsec reload``
        names_object = following in _OBJECTS or following == "`" or shown
        return names_object and not (following == "to" and verb in ("issue", "change"))
    if form == verb:
        return following not in _BEHIND_NOUN
    return (
        verb
        not in (
            "update",
            "change",
            "issue",
            "release",
            "start",
            "restart",
            "drop",
            "increase",
            "upgrade",
            "deploy",
            "run",
            "launch",
        )
        and following in _OBJECTS
    )


def _passive(said: str) -> bool:
    """`The config was rolled back`, `hub pod is relaunched`."""
    return any(_is_done_to(said, found) for found in _PASSIVE.finditer(said[:400]))


def _is_done_to(said: str, found: re.Match[str]) -> bool:
    subject = said[: found.start()]
    if not subject.strip() or len(subject) > 140 or _SUBORDINATE.search(subject) or _is_intent(subject):
        return False
    verb = _PAST.get(found["verb"].casefold())
    if verb is None or (verb in _RESULTS and not _TO_VALUE.match(said[found.start("verb") :])):
        return False
    if verb in _AMBIGUOUS_PASSIVE:
        return bool(
            re.search(r"\bby (?:hand|the (?:on-?call|team)|us|on-?call|ops|sre)\b|manually", said, re.IGNORECASE)
        )
    by = re.match(r".{0,40}?\bby\s+(?:the\s+|an?\s+)?([\w-]+)", said[found.end() :], re.IGNORECASE)
    return not (by and by[1].casefold() in _MACHINES)


def _who(before: str) -> str:
    """Who stands before a verb: people, a machine, or a name that could be either."""
    tokens = [word.casefold() for word in _WORD.findall(before) if word[0].isalpha()]
    if not tokens:
        return "people"
    if any(re.sub(r"^(we|i)['’]ve$", r"\1", word) in _PEOPLE for word in tokens):
        return "people"
    if any(word in _MACHINES for word in tokens):
        return "machine"
    spoken = [
        word
        for word in _WORD.findall(before)
        if word[0].isalpha() and word.casefold() not in ("and", "the", "then", "also", "both", "manually", "from")
    ]
    if spoken and all(word[0].isupper() for word in spoken) and len(spoken) <= 3 and "the" not in tokens:
        return "name"
    return "machine"
