"""Recognise sentences that report an action somebody took to fix the incident, and its outcome."""

import re

from onrecall.importers.postmortem.attempts import reports_failed_attempt
from onrecall.importers.postmortem.deed_verbs import (
    AMBIGUOUS_PASSIVE,
    AMBIGUOUS_VERBS,
    DETERMINERS,
    FORMS,
    INTRANSITIVE_VERBS,
    LEAD,
    MACHINES,
    MENDING_VERBS,
    NOUN_VERBS,
    OBJECTS,
    PAST,
    RESULT_VERBS,
    SPEAKER,
    SUBORDINATE,
    VERB_NAMES,
    WORD,
    is_intent,
)
from onrecall.importers.postmortem.foreign_deeds import reports_foreign_command, reports_foreign_deed
from onrecall.importers.postmortem.outcomes import NO_HELP, detect_outcome, states_failure
from onrecall.importers.postmortem.word_lists import word_set

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
_TO_VALUE = re.compile(r"(?:updated|changed|set) (?:back )?to\b", re.IGNORECASE)
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
_FOUND_OUT = re.compile(r"(?:and\s+)?(?:it\s+)?turn(?:s|ed) out\b", re.IGNORECASE)
"""The opening of what was learned, not done."""
_MISHAP = re.compile(
    r"\b(?:accidentally|inadvertently|mistakenly|unintentionally|erroneously|incorrectly|wrongly|unfortunately"
    r"|by (?:mistake|accident)|in error|(?:was|were) (?:intended|meant|supposed) to|versehentlich|irrtümlich"
    r"|por error|par erreur|誤って|误)\b",
    re.IGNORECASE,
)
"""What was done by mistake began the incident."""
_HANDLE = re.compile(r"@[\w./-]+\s+(?=[a-z])")
"""Who did something, in front of the verb: `@mlopez raises the limit`."""
_LOADS = word_set("objects of what happens by itself")
"""What only seems to be the object of people's deeds: `we have increased load`."""
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
_PEOPLE = word_set("people")
_AFTER_FAILURE = re.compile(
    r"[^,;.:`–—]{0,40}\s*[,;–—]\s*(?:(?:so|and|but|then|afterwards|after that|later|finally|next|in the end)\s+)+",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?;])[)\"'”]?\s+(?=[A-ZÄÖÜ`\"'(\[“@]|\d+[.)]\s)|(?<=[。\uff01\uff1f])")
_SENTENCE_IN_SMALL = re.compile(r"(?<=[A-Za-z0-9)`][.!?])[)\"'”]?\s+(?=[a-z`])")
_IN_SMALL = re.compile(r"\s*[a-z]")
"""A text whose writer begins sentences with small letters, as in a chat."""
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|approx|ca|no|dr|mr|ms|inc|st|resp|z\.\s?b|u\.\s?a)\.|\b[A-Z]\.)$", re.IGNORECASE
)


def split_sentences(text: str) -> list[str]:
    """Split a text into sentences; full stops in code and after abbreviations do not end one."""
    spans = text.split("`")
    masked = "`".join("\0" * len(part) if n % 2 and n < len(spans) - 1 else part for n, part in enumerate(spans))
    parsed, begin = [], 0
    ends = _SENTENCE_IN_SMALL if _IN_SMALL.match(masked) and not _SENTENCE.search(masked) else _SENTENCE
    for end in ends.finditer(masked):
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
    return FORMS.get(word)


def reports_action(sentence: str) -> bool:
    """Return whether a sentence reports an action people took as a fix, not an event or a plan."""
    text = CONSEQUENCE.sub("", SPEAKER.sub("", sentence.strip().lstrip("-*•> "), count=1), count=1)
    text = _HANDLE.sub("We ", text, count=1)
    if _reports_mishap(text) or _FOUND_OUT.match(text):
        return False
    if _fixed_by_doing(text):
        return True
    if (_WHAT_HELPED.match(text) or _MENDED_BY_DOING.match(text)) and not states_failure(text):
        return True
    text = LEAD.sub("", text, count=1)
    return (
        _clause_reports(text)
        or _later_clause_reports(text)
        or reports_failed_attempt(text)
        or reports_foreign_deed(text)
    )


_WHAT_HELPED = re.compile(
    r"only (?:when|after|once|by)\b.{5,}\bdid\b|(?:geholfen|gewirkt) ha(?:t|ben)\b.{5,}"
    r"|erst (?:das|der|die|ein|eine|nach|durch|mit)\b.{5,}"
    r"|(?:ce qui a|lo que|o que|ciò che ha) (?:finalement |finalmente )?(?:marché|aidé"
    r"|fonctionné|funcionó|ayudó|funcionou|ajudou|funzionato)\b.{5,}",
    re.IGNORECASE,
)
"""How people say what helped in the end: `Only when we limited the copy did the lag go down`."""


_MENDED_BY_DOING = re.compile(
    r"(?!During|Nothing|Everything|Something|Anything|Following|According|Monitoring)[A-Z][a-z]+ing\s.{3,80}?\s(?:resolved|fixed|ended|cured|solved|mitigated|restored)"
    r"\s+(?:the\s+(?:incident|outage|problem|issue|service|error)|it|this|everything|service)\b"
)


def _reports_mishap(sentence: str) -> bool:
    """Return whether a sentence says what somebody did by mistake, not how it was mended or that mending failed."""
    mishap = _MISHAP.search(sentence)
    if mishap is None or states_failure(sentence):
        return False
    verbs = (FORMS.get(word.casefold()) for word in WORD.findall(sentence[: mishap.start()]))
    return next(filter(None, verbs), None) not in MENDING_VERBS


def _later_clause_reports(sentence: str) -> bool:
    """Return whether a later clause reports an action: `…, I reverted the change`, `… and increased it`."""
    if _CONDITION.match(sentence):
        return False
    main = _MAIN_CLAUSE.search(sentence)
    if main is not None and _clause_reports(main["clause"]):
        return True
    added = _ADDED_ACTION.search(sentence)
    if added is None or not (added["fixed"] or added["verb"].casefold() in PAST):
        return False
    return not is_intent(sentence[: added.start()])


def _clause_reports(clause: str) -> bool:
    return bool(clause) and (_reports_decision(clause) or _is_active_report(clause) or _is_passive_report(clause))


_AFTER_NOUN = word_set("behind a noun")
"""Words after a noun that looks like a verb: `Rebalance done`."""


def plans(sentence: str) -> bool:
    """Return whether a sentence tells of a plan, a thought or a habit rather than of something done."""
    return is_intent(sentence.partition("`")[0])


def runs_command(sentence: str) -> bool:
    """Return whether a sentence reports that people ran a command given in it."""
    text = LEAD.sub("", sentence.strip().lstrip("-*•> "), count=1)
    before = text.split("`", 1)[0]
    return not is_intent(before) and (_BY_COMMAND.match(text) is not None or reports_foreign_command(text))


def _fixed_by_doing(sentence: str) -> bool:
    """Match `After restarting the hub, launches were back to normal`, `What fixed it was to remove the node`."""
    match = _BY_DOING.match(sentence)
    if match is None:
        named = _FIX_WAS_TO.match(sentence)
        return named is not None and (named["verb"].casefold() in VERB_NAMES or _is_gerund(named["verb"].casefold()))
    form = match["verb"].casefold()
    return _is_gerund(form) and (bool(match["fixed"]) or detect_outcome(sentence) is not None)


def _is_gerund(form: str) -> bool:
    return form in FORMS and form.endswith("ing")


def _reports_decision(sentence: str) -> bool:
    match = _DECIDED.search(sentence)
    if match is None or is_intent(sentence[: match.start()]) or re.search(r"\bif (?:we|you|it|they)\b", sentence):
        return False
    verb = FORMS.get(match["verb"].casefold())
    return (
        verb is not None
        and verb not in ("run", "take", "recover", "create")
        and _agent_kind(sentence[: match.start()]) != "machine"
    )


def _is_active_report(sentence: str) -> bool:
    """Match `Restarted the pods`, `We rolled back`, `Tim restarts the hub`, `Restart the pods`."""
    tokens = WORD.findall(sentence)[:9]
    for place, token in enumerate(tokens):
        form = token.casefold()
        if form in FORMS:
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
    verb = PAST.get(tokens[place + 1].casefold())
    following = tokens[place + 2].casefold() if place + 2 < len(tokens) else ""
    is_deed = verb is not None and (verb not in AMBIGUOUS_VERBS or following not in _LOADS)
    return is_deed and tokens[place - 1].casefold() in _PEOPLE


def _verb_is_action(tokens: list[str], place: int, sentence: str) -> bool | None:
    """Return whether the verb at `place` reports an action; None if a later verb may."""
    form = tokens[place].casefold()
    verb = FORMS[form]
    before = " ".join(tokens[:place])
    if _is_noun_in_object(tokens, place):
        return None
    if is_intent(before) or (place and form == verb and verb in ("double", "halve")):
        return False
    if place == 0:
        return _opening_verb_is_action(form, verb, tokens[1:], sentence)
    who = _agent_kind(before)
    if who == "people" and not form.endswith("ing"):
        return True
    if who == "name" and (form in PAST or form.endswith("s")) and verb not in AMBIGUOUS_VERBS and place <= 4:
        following = tokens[place + 1].casefold() if place + 1 < len(tokens) else ""
        return following not in ("was", "were", "is", "are", "has", "have", "had", "")
    return False if who == "machine" or form in PAST else None


def _is_noun_in_object(tokens: list[str], place: int) -> bool:
    """Return whether a word that may be a verb is a noun within an object: `we identified the rule set`."""
    form = tokens[place].casefold()
    if form != FORMS[form] or form not in NOUN_VERBS or place < 2 or tokens[place - 1].casefold() in _PEOPLE:
        return False
    return any(token.casefold() in DETERMINERS for token in tokens[max(1, place - 2) : place])


def _opening_verb_is_action(form: str, verb: str, following_tokens: list[str], sentence: str) -> bool:
    """Judge a verb at the beginning: past and imperative report an action, a noun that looks like a verb does not."""
    following = following_tokens[0].casefold() if following_tokens else "."
    if following in (".", "!") or (verb == "publish" and following[0].isdigit()):
        return False
    if form.endswith("ing"):
        return detect_outcome(sentence) is not None and form not in ("running", "setting", "recovering")
    if form in PAST and form != verb:
        return verb not in INTRANSITIVE_VERBS or following in OBJECTS or following == "`"
    if form == verb and verb in NOUN_VERBS:
        has_command = (
            form in PAST and "`" in sentence and following != "of"
        )  # `Set the lifetime to 28800: `ipsec reload``
        names_object = following in OBJECTS or following == "`" or has_command
        return names_object and not (following == "to" and verb in ("issue", "change"))
    if form == verb:
        return following not in _AFTER_NOUN
    return verb not in _HAPPENINGS and following in OBJECTS


_HAPPENINGS = word_set("verbs in the third person that tell of events")


def _is_passive_report(sentence: str) -> bool:
    """Match `The config was rolled back`, `hub pod is relaunched`."""
    return any(_is_passive_action(sentence, match) for match in _PASSIVE.finditer(sentence[:400]))


def _is_passive_action(sentence: str, match: re.Match[str]) -> bool:
    subject = sentence[: match.start()]
    if not subject.strip() or len(subject) > 140 or SUBORDINATE.search(subject) or is_intent(subject):
        return False
    verb = PAST.get(match["verb"].casefold())
    if verb is None or (verb in RESULT_VERBS and not _TO_VALUE.match(sentence[match.start("verb") :])):
        return False
    if verb in AMBIGUOUS_PASSIVE:
        return bool(
            re.search(r"\bby (?:hand|the (?:on-?call|team)|us|on-?call|ops|sre)\b|manually", sentence, re.IGNORECASE)
        )
    by = re.match(r".{0,40}?\bby\s+(?:the\s+|an?\s+)?([\w-]+)", sentence[match.end() :], re.IGNORECASE)
    return not (by and by[1].casefold() in MACHINES)


def _agent_kind(before: str) -> str:
    """Return the kind of subject before a verb: people, machine, or a name that could be either."""
    tokens = [word.casefold() for word in WORD.findall(before) if word[0].isalpha()]
    if not tokens:
        return "people"
    if any(re.sub(r"^(we|i)['’]ve$", r"\1", word) in _PEOPLE for word in tokens):
        return "people"
    if any(word in MACHINES for word in tokens):
        return "machine"
    words = [
        word
        for word in WORD.findall(before)
        if word[0].isalpha() and word.casefold() not in ("and", "the", "then", "also", "both", "manually", "from")
    ]
    if words and all(word[0].isupper() for word in words) and len(words) <= 3 and "the" not in tokens:
        return "name"
    return "machine"
