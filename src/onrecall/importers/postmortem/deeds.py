"""Recognise sentences that report an action somebody took to fix the incident, and its outcome."""

import re
from collections.abc import Iterator
from importlib.resources import files

from onrecall.importers.postmortem.foreign_deeds import reports_foreign_command, reports_foreign_deed
from onrecall.importers.postmortem.outcomes import NO_HELP, detect_outcome, states_failure
from onrecall.importers.postmortem.word_lists import word_set

_AMBIGUOUS_VERBS = word_set("verbs that also happen by themselves")
"""Verbs that can also describe events; they count as actions only with an agent or an object."""
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
_INTRANSITIVE_VERBS = frozenset(("fail", "drop", "increase", "decrease", "recover", "expire", "shrink"))
"""Verbs that describe events rather than actions unless an object follows."""
_NOUN_VERBS = word_set("verbs that are nouns")
"""Verbs that are also nouns; at the beginning of a sentence they are verbs only before an object."""
_OBJECTS = word_set("objects")
_MENDING_VERBS = word_set("verbs that mend a mistake")
_WORD = re.compile(r"[A-Za-z][\w'’-]*|\S")
_LEAD = re.compile(
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
_RESULT_VERBS = word_set("verbs of results")
"""Verbs whose passive describes a state or an event."""
_TO_VALUE = re.compile(r"(?:updated|changed|set) (?:back )?to\b", re.IGNORECASE)
_AMBIGUOUS_PASSIVE = word_set("verbs of results or deeds")
CONSEQUENCE = re.compile(
    r"^(?:this|that|it|which)\s+(?:also\s+)?(?:does|did|has|had)(?:\s+not|n['’]t)\b[^,;]{0,80}[,;]\s*(?:so"
    r"|and so|and|therefore|hence)\s+",
    re.IGNORECASE,
)
"""The opening of a sentence that states the failure of the previous action before the next one."""
_MAIN_CLAUSE = re.compile(
    r"^[^,]{3,120},\s+(?P<clause>(?:i|we)\s.+|the\s+[\w -]{1,60}\s(?:was|were|is|are)\s.+)", re.IGNORECASE
)
_CONDITION = re.compile(r"^(?:so\s+)?(?:when|if|since|because|although|while)\b", re.IGNORECASE)
_ADDED_ACTION = re.compile(
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
_MISHAP = re.compile(
    r"\b(?:accidentally|inadvertently|mistakenly|unintentionally|erroneously|incorrectly|wrongly|unfortunately"
    r"|by (?:mistake|accident)|in error|(?:was|were) (?:intended|meant|supposed) to|versehentlich|irrtümlich"
    r"|por error|par erreur|誤って|误)\b",
    re.IGNORECASE,
)
"""What was done by mistake began the incident."""
_TRIED_OBJECT = re.compile(
    r"\W*(?:(?:we|i|they)\s+)?(?:(?:also|then|first|even|just)\s+)*(?:tried|attempted)\s+"
    r"(?!nothing|everything|anything|to\s+(?:find|reproduce|understand|identify|determine|figure|reach|contact|call|locate|diagnose"
    r"|see|confirm|verify|check)\b)\w",
    re.IGNORECASE,
)
_SPEAKER = re.compile(
    r"(?:resolved|monitoring|identified|investigating|update|mitigated|fixed):\s+(?=\w)|(?-i:[A-Z][\w.'’-]{1,20}(?:\s[A-Z][\w.'’-]{0,20})?:\s+(?=[a-z]))",
    re.IGNORECASE,
)
"""Who wrote a line of a chat: `Rui: restarted the export`."""
_TRIAL_BY_PEOPLE = re.compile(
    r"(?:we|i|they|she|he|(?:our|the)\s+(?:[\w-]+\s+){0,3}(?:team|teams|engineers?|on-?call|operators?|staff|sres?|dbas?|admins?))\s+"
    r"(?:(?:first|also|then|initially|quickly|immediately|next)\s+){0,2}\w+ed\s|(?!During|Following|According|Regarding|Concerning|Considering|Including|Depending|Nothing|Everything|Something|Anything|Logging|Monitoring|Warning|Evening|Morning)[A-Z][a-z]+ing\s+(?:the|a|an|our|it|them|all|both|\w+['’]s)\b"
)
"""People who did something, or what was done, at the beginning of a sentence that says that it was in vain."""
_DETERMINERS = frozenset(("the", "a", "an", "this", "that", "its", "our", "their", "each", "every"))
_ATTEMPT = re.compile(
    r"(?P<tried>(?:(?:we|i|they)\s+)?(?:(?:also|then|first|even|just)\s+)*(?:tried|attempted)\s+)?(?:\w+ly\s+)?"
    r"(?P<stem>[a-z]+(?:-[a-z]+)*)ing\b"
    r"(?!\s+(?:of|that|was|is|shows?|showed)\b)",
    re.IGNORECASE,
)
_BY_DOING = re.compile(
    r"^(?:(?P<fixed>(?:it\s+(?:was|got)\s+|th(?:is|e)\s+(?:[\w-]+\s+){0,3}was\s+|we\s+)?(?:fixed|resolved|solved|mitigated|recovered"
    r"|stopped|restored)\s+(?:it\s+|(?:this|the)\s+(?:[\w-]+\s+){0,3})?by)|after|by|upon|once)\s+(?:(?:manually"
    r"|\w+ly)\s+)?(?P<verb>[\w-]+ing)\b",
    re.IGNORECASE,
)
_FIX_WAS_TO = re.compile(
    r"(?:what\s+(?:finally|eventually|really|actually|in\s+the\s+end)?\s*(?:fixed|helped|worked|solved|resolved|mended|cured)"
    r"(?:\s+(?:it|this|us|things|the\s+\w+))?(?:\s+(?:in\s+the\s+end|finally|eventually|at\s+last|though|then|for\s+us))?"
    r"|(?:the|our)\s+(?:(?:actual|real|final|eventual|quick|immediate|only|working)\s+)?(?:fix|solution|remedy|cure|workaround))"
    r",?\s+(?:was|turned\s+out\s+to\s+be)\s+(?:to\s+)?(?:\w+ly\s+)?(?P<verb>[\w-]+)",
    re.IGNORECASE,
)
_SUBORDINATE = re.compile(
    r"\b(?:that|which|who|if|because|unless|no|nothing|nobody|after|once|when|while|since|whether|how|why|where|leads?|led|caused?"
    r"|shows?|reveals?"
    r"|indicates?|means?|meant|as)\b",
    re.IGNORECASE,
)
_PEOPLE = word_set("people")
_MACHINES = word_set("machines")
_AFTER_FAILURE = re.compile(
    r"[^,;.:`–—]{0,40}\s*[,;–—]\s*(?:(?:so|and|but|then|afterwards|after that|later|finally|next|in the end)\s+)+",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?;])[)\"'”]?\s+(?=[A-ZÄÖÜ`\"'(\[“@]|\d+[.)]\s)|(?<=[。\uff01\uff1f])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|approx|ca|no|dr|mr|ms|inc|st|resp|z\.\s?b|u\.\s?a)\.|\b[A-Z]\.)$", re.IGNORECASE
)


def split_sentences(text: str) -> list[str]:
    """Split a text into sentences; full stops in code and after abbreviations do not end one."""
    spans = text.split("`")
    masked = "`".join("\0" * len(part) if n % 2 and n < len(spans) - 1 else part for n, part in enumerate(spans))
    parsed, begin = [], 0
    for end in _SENTENCE.finditer(masked):
        if _ABBREVIATION.search(masked[begin : end.start()]):
            continue
        parsed.append(text[begin : end.end()].strip())
        begin = end.end()
    parsed.append(text[begin:].strip())
    return [sentence for sentence in parsed if sentence]


def split_failed_clause(sentence: str) -> list[str]:
    """Split `Restarted it, which did not help, then raised the limit` behind the failure if an action follows."""
    for failure in NO_HELP.finditer(sentence):
        behind = _AFTER_FAILURE.match(sentence, failure.end())
        if behind is not None and reports_action(sentence[behind.end() :]):
            return [sentence[: behind.start()].rstrip(), sentence[behind.end() :]]
    return [sentence]


def base_verb(word: str) -> str | None:
    """Return the verb of which a lower-case word is a form, if it is one that people mend things with."""
    return _FORMS.get(word)


def reports_action(sentence: str) -> bool:
    """Return whether a sentence reports an action people took as a fix, not an event or a plan."""
    text = CONSEQUENCE.sub("", _SPEAKER.sub("", sentence.strip().lstrip("-*•> "), count=1), count=1)
    if _reports_mishap(text):
        return False
    if _fixed_by_doing(text):
        return True
    text = _LEAD.sub("", text, count=1)
    return (
        _clause_reports(text)
        or _later_clause_reports(text)
        or _reports_failed_attempt(text)
        or reports_foreign_deed(text)
    )


def _reports_mishap(sentence: str) -> bool:
    """Return whether a sentence says what somebody did by mistake, not how it was mended or that mending failed."""
    mishap = _MISHAP.search(sentence)
    if mishap is None or states_failure(sentence):
        return False
    verbs = (_FORMS.get(word.casefold()) for word in _WORD.findall(sentence[: mishap.start()]))
    return next(filter(None, verbs), None) not in _MENDING_VERBS


def _reports_failed_attempt(sentence: str) -> bool:
    """Match sentences such as `Remounting the share did not help`, `Tried reseating the card, no effect`."""
    return states_failure(sentence) and (
        opens_with_attempt(sentence)
        or _TRIED_OBJECT.match(sentence) is not None
        or _TRIAL_BY_PEOPLE.match(sentence) is not None
        or _opens_with_someone_acting(sentence)
    )


def _opens_with_someone_acting(sentence: str) -> bool:
    """Match `kmoreau pauses the rollout, errors continue`: a lower-case name before a verb that only people do."""
    who, verb, *_ = [*_WORD.findall(sentence)[:2], "", ""]
    form = verb.casefold()
    is_verb = form in _PAST or (form in _FORMS and form.endswith("s"))
    only_people = is_verb and _FORMS[form] not in _AMBIGUOUS_VERBS | _INTRANSITIVE_VERBS | _NOUN_VERBS - {"pause"}
    return only_people and who.isalpha() and who.casefold() not in _MACHINES | _OBJECTS


def opens_with_attempt(sentence: str) -> bool:
    """Return whether a sentence begins with an attempt, such as `Remounting …` or `We tried remounting …`."""
    match = _ATTEMPT.match(sentence)
    if match is not None and match["tried"]:
        return not match["stem"].casefold().endswith("th")  # `Tried nothing`, `Tried everything`
    return match is not None and any(
        base in _VERB_NAMES - _INTRANSITIVE_VERBS for base in _bases(match["stem"].casefold())
    )


def _bases(stem: str) -> Iterator[str]:
    """Yield the verbs that an -ing form may belong to, given its stem."""
    yield from (stem, f"{stem}e")
    if len(stem) > 3 and stem[-1] == stem[-2]:
        yield stem[:-1]


def _later_clause_reports(sentence: str) -> bool:
    """Return whether a later clause reports an action: `…, I reverted the change`, `… and increased it`."""
    if _CONDITION.match(sentence):
        return False
    main = _MAIN_CLAUSE.search(sentence)
    if main is not None and _clause_reports(main["clause"]):
        return True
    added = _ADDED_ACTION.search(sentence)
    if added is None or not (added["fixed"] or added["verb"].casefold() in _PAST):
        return False
    return not _is_intent(sentence[: added.start()])


def _clause_reports(clause: str) -> bool:
    return bool(clause) and (_reports_decision(clause) or _is_active_report(clause) or _is_passive_report(clause))


def note_reports_action(note: str) -> bool:
    """Return whether a short note reports an action: `gateway restarted`, `firmware rolled back over the console`."""
    tokens = _WORD.findall(note)[:12]
    for place, word in enumerate(tokens[1:8], start=1):
        form = word.casefold()
        mended = form == "fixed" and tokens[place - 1].casefold() not in _TROUBLES
        if (
            form not in _PAST
            or (_PAST[form] in _RESULT_VERBS | _AMBIGUOUS_PASSIVE and not mended)
            or _PAST[form] in ("submit", "push", "drop")
        ):
            continue
        before, behind = " ".join(tokens[:place]), [token.casefold() for token in tokens[place + 1 : place + 2]]
        return not _is_intent(before) and not _SUBORDINATE.search(before) and (not behind or behind[0] in _AFTER_NOTE)
    return False


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
_AFTER_NOUN = word_set("behind a noun")
"""Words after a noun that looks like a verb: `Rebalance done`."""


def plans(sentence: str) -> bool:
    """Return whether a sentence tells of a plan, a thought or a habit rather than of something done."""
    return _is_intent(sentence.partition("`")[0])


def runs_command(sentence: str) -> bool:
    """Return whether a sentence reports that people ran a command given in it."""
    text = _LEAD.sub("", sentence.strip().lstrip("-*•> "), count=1)
    before = text.split("`", 1)[0]
    return not _is_intent(before) and (_BY_COMMAND.match(text) is not None or reports_foreign_command(text))


def _is_intent(before: str) -> bool:
    """Return whether the text before a verb makes it a plan, a thought or a habit."""
    return _NOT_DONE.search(before) is not None


def _fixed_by_doing(sentence: str) -> bool:
    """Match `After restarting the hub, launches were back to normal`, `What fixed it was to remove the node`."""
    match = _BY_DOING.match(sentence)
    if match is None:
        named = _FIX_WAS_TO.match(sentence)
        return named is not None and (named["verb"].casefold() in _VERB_NAMES or _is_gerund(named["verb"].casefold()))
    form = match["verb"].casefold()
    return _is_gerund(form) and (bool(match["fixed"]) or detect_outcome(sentence) is not None)


def _is_gerund(form: str) -> bool:
    return form in _FORMS and form.endswith("ing")


def _reports_decision(sentence: str) -> bool:
    match = _DECIDED.search(sentence)
    if match is None or _is_intent(sentence[: match.start()]) or re.search(r"\bif (?:we|you|it|they)\b", sentence):
        return False
    verb = _FORMS.get(match["verb"].casefold())
    return (
        verb is not None
        and verb not in ("run", "take", "recover", "create")
        and _agent_kind(sentence[: match.start()]) != "machine"
    )


def _is_active_report(sentence: str) -> bool:
    """Match `Restarted the pods`, `We rolled back`, `Tim restarts the hub`, `Restart the pods`."""
    tokens = _WORD.findall(sentence)[:9]
    for place, token in enumerate(tokens):
        form = token.casefold()
        if form in _FORMS:
            is_action = _verb_is_action(tokens, place, sentence)
            if is_action is not None:
                return is_action
        if _is_perfect(tokens, place):
            continue
        if form in ("was", "were", "is", "are", "has", "have", "had", "been", ".", ":", ";") and place:
            return False
    return False


def _is_perfect(tokens: list[str], place: int) -> bool:
    """Return whether `have` tells of a deed: `We have cancelled it`, but not `We have increased load`."""
    if tokens[place].casefold() not in ("have", "has") or not place or place + 1 >= len(tokens):
        return False
    verb = _PAST.get(tokens[place + 1].casefold())
    following = tokens[place + 2].casefold() if place + 2 < len(tokens) else ""
    is_deed = verb is not None and (verb not in _AMBIGUOUS_VERBS or following in _OBJECTS or following in _DETERMINERS)
    return is_deed and tokens[place - 1].casefold() in _PEOPLE


def _verb_is_action(tokens: list[str], place: int, sentence: str) -> bool | None:
    """Return whether the verb at `place` reports an action; None if a later verb may."""
    form = tokens[place].casefold()
    verb = _FORMS[form]
    before = " ".join(tokens[:place])
    if _is_noun_in_object(tokens, place):
        return None
    if _is_intent(before) or (place and form == verb and verb in ("double", "halve")):
        return False
    if place == 0:
        return _opening_verb_is_action(form, verb, tokens[1:], sentence)
    who = _agent_kind(before)
    if who == "people" and not form.endswith("ing"):
        return True
    if who == "name" and (form in _PAST or form.endswith("s")) and verb not in _AMBIGUOUS_VERBS and place <= 4:
        following = tokens[place + 1].casefold() if place + 1 < len(tokens) else ""
        return following not in ("was", "were", "is", "are", "has", "have", "had", "")
    return False if who == "machine" or form in _PAST else None


def _is_noun_in_object(tokens: list[str], place: int) -> bool:
    """Return whether a word that may be a verb is a noun within an object: `we identified the rule set`."""
    form = tokens[place].casefold()
    if form != _FORMS[form] or form not in _NOUN_VERBS or place < 2 or tokens[place - 1].casefold() in _PEOPLE:
        return False
    return any(token.casefold() in _DETERMINERS for token in tokens[max(1, place - 2) : place])


def _opening_verb_is_action(form: str, verb: str, following_tokens: list[str], sentence: str) -> bool:
    """Judge a verb at the beginning: past and imperative report an action, a noun that looks like a verb does not."""
    if not following_tokens:
        return False
    following = following_tokens[0].casefold()
    if form.endswith("ing"):
        return detect_outcome(sentence) is not None and form not in ("running", "setting", "recovering")
    if form in _PAST and form != verb:
        return verb not in _INTRANSITIVE_VERBS or following in _OBJECTS or following == "`"
    if form == verb and verb in _NOUN_VERBS:
        has_command = (
            form in _PAST and "`" in sentence and following != "of"
        )  # `Set the lifetime to 28800: `ipsec reload``
        names_object = following in _OBJECTS or following == "`" or has_command
        return names_object and not (following == "to" and verb in ("issue", "change"))
    if form == verb:
        return following not in _AFTER_NOUN
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


def _is_passive_report(sentence: str) -> bool:
    """Match `The config was rolled back`, `hub pod is relaunched`."""
    return any(_is_passive_action(sentence, match) for match in _PASSIVE.finditer(sentence[:400]))


def _is_passive_action(sentence: str, match: re.Match[str]) -> bool:
    subject = sentence[: match.start()]
    if not subject.strip() or len(subject) > 140 or _SUBORDINATE.search(subject) or _is_intent(subject):
        return False
    verb = _PAST.get(match["verb"].casefold())
    if verb is None or (verb in _RESULT_VERBS and not _TO_VALUE.match(sentence[match.start("verb") :])):
        return False
    if verb in _AMBIGUOUS_PASSIVE:
        return bool(
            re.search(r"\bby (?:hand|the (?:on-?call|team)|us|on-?call|ops|sre)\b|manually", sentence, re.IGNORECASE)
        )
    by = re.match(r".{0,40}?\bby\s+(?:the\s+|an?\s+)?([\w-]+)", sentence[match.end() :], re.IGNORECASE)
    return not (by and by[1].casefold() in _MACHINES)


def _agent_kind(before: str) -> str:
    """Return the kind of subject before a verb: people, machine, or a name that could be either."""
    tokens = [word.casefold() for word in _WORD.findall(before) if word[0].isalpha()]
    if not tokens:
        return "people"
    if any(re.sub(r"^(we|i)['’]ve$", r"\1", word) in _PEOPLE for word in tokens):
        return "people"
    if any(word in _MACHINES for word in tokens):
        return "machine"
    words = [
        word
        for word in _WORD.findall(before)
        if word[0].isalpha() and word.casefold() not in ("and", "the", "then", "also", "both", "manually", "from")
    ]
    if words and all(word[0].isupper() for word in words) and len(words) <= 3 and "the" not in tokens:
        return "name"
    return "machine"
