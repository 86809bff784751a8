"""Recognise sentences that tell of an attempt to mend something, above all of one that was in vain."""

import re
from collections.abc import Iterator

from onrecall.importers.postmortem.deed_verbs import (
    AMBIGUOUS_PASSIVE,
    AMBIGUOUS_VERBS,
    DETERMINERS,
    FORMS,
    INTRANSITIVE_VERBS,
    LEAD,
    MACHINES,
    NOUN_VERBS,
    OBJECTS,
    PAST,
    RESULT_VERBS,
    SPEAKER,
    SUBORDINATE,
    VERB_NAMES,
    WORD,
    is_intent,
    note_reports_action,
)
from onrecall.importers.postmortem.foreign_deeds import names_foreign_deed
from onrecall.importers.postmortem.outcomes import before_outcome, states_failure
from onrecall.importers.postmortem.word_lists import word_set

_TRIED_OBJECT = re.compile(
    r"\W*(?:(?:we|i|they)\s+)?(?:(?:also|then|first|even|just)\s+)*(?:tried|attempted)\s+"
    r"(?!nothing|everything|anything|to\s+(?:find|reproduce|understand|identify|determine|figure|reach|contact|call|locate|diagnose"
    r"|see|confirm|verify|check)\b)\w",
    re.IGNORECASE,
)
_TRIAL_BY_PEOPLE = re.compile(
    r"(?:we|i|they|she|he|(?:our|the)\s+(?:[\w-]+\s+){0,3}(?:team|teams|engineers?|on-?call|operators?|staff|sres?|dbas?|admins?))\s+"
    r"(?:(?:first|also|then|initially|quickly|immediately|next)\s+){0,2}\w+ed\s|(?!During|Following|According|Regarding|Concerning|Considering|Including|Depending|Nothing|Everything|Something|Anything|Logging|Monitoring|Warning|Evening|Morning)[A-Z][a-z]+ing\s+(?:the|a|an|our|it|them|all|both|\w+['’]s)\b"
)
"""People who did something, or what was done, at the beginning of a sentence that says that it was in vain."""
_ATTEMPT = re.compile(
    r"(?P<tried>(?:(?:we|i|they)\s+)?(?:(?:also|then|first|even|just)\s+)*(?:tried|attempted)\s+)?(?:\w+ly\s+)?"
    r"(?P<stem>[a-z]+(?:-[a-z]+)*)ing\b"
    r"(?!\s+(?:of|that|was|is|shows?|showed)\b)",
    re.IGNORECASE,
)
_BEGAN_BY = re.compile(
    r"(?:we|i|they|[A-Z]\w+)\s+(?:first\s+|also\s+|then\s+)?(?:began|started|continued"
    r"|went on)\s+(?:by|with)\s+\w+ing\b"
    r"|(?:we|i|they)\s+(?:\w+ed)\s+(?:the|a|an|all|our|both|one|some|two|it|them)\b"
    r"|(?:we|i|they)\s+(?:spent|lost|wasted)\b.{3,40}?\b(?:on|with|by)\s+\w"
    r"|(?:we|i|they)\s+(?:\w+\s+)?(?:gave|put|took|ran|made|brought|sent|cut|set|built|rebuilt|rewrote|shut|threw|did|let|got)\s+\w"
    r"|(?:our|my|the|a)\s+(?:first|initial|second|next|other)\s+(?:reaction|idea|attempt|thought|try|guess|move|fix|remedy)\b",
    re.IGNORECASE,
)
_STATES_OF_PLAY = word_set("pasts that tell no deed")
_AUXILIARIES = word_set("auxiliaries")
PAST_FORM = re.compile(r"(?!failed|need|seemed|appeared|turned|stayed|remained|looked|noticed|expected)[a-z]{3,}ed")
"""The past of a verb that is on no list."""
_REFERRING = word_set("words that refer to what was said")
"""Words that refer to what was said before: what they open is no deed of its own."""
_BEHIND_EVENTS = word_set("behind events")
"""Words behind a verb that tells of an event: `dropped again`, `increased to 40 %`."""


def reports_failed_attempt(sentence: str) -> bool:
    """Match sentences such as `Remounting the share did not help`, `Tried reseating the card, no effect`."""
    return states_failure(sentence) and (
        opens_with_attempt(sentence)
        or _TRIED_OBJECT.match(sentence) is not None
        or _TRIAL_BY_PEOPLE.match(sentence) is not None
        or _opens_with_someone_acting(sentence)
        or _BEGAN_BY.match(sentence) is not None
        or _therefore_acted(sentence)
        or ((head := before_outcome(sentence)) != sentence and names_deed(head))
    )


def _therefore_acted(sentence: str) -> bool:
    """Match `At first we thought it was the new file, so we reverted that`."""
    acted = _THEREFORE.search(sentence)
    return acted is not None and acted["verb"].casefold() in PAST


_THEREFORE = re.compile(
    r"\b(?:so|therefore|thus|hence)\s+(?:we|i|they)\s+(?:\w+ly\s+)?(?P<verb>[a-z]+)\b", re.IGNORECASE
)
_HAD_DONE = re.compile(
    r"(?:(?:then|after that|finally|next|also),?\s+)?(?:we|i|they|[A-Z]\w+)\s+(?:told|asked|instructed|got)\s+"
    r"(?:the|our|an?|[A-Z]\w+)\s.{2,60}?\bto\s+[a-z]+",
    re.IGNORECASE,
)
"""People who let others do something: `We told the bank to hold the files`."""


def reports_others_deed(sentence: str) -> bool:
    """Return whether a sentence about the fix says what somebody outside did: `The provider unblocked the sender`."""
    if _HAD_DONE.match(sentence):
        return True
    tokens = [token.casefold() for token in WORD.findall(sentence.partition("`")[0])[:7]]
    place = next((place for place, token in enumerate(tokens) if token in PAST and place), 0)
    if tokens and PAST_FORM.fullmatch(tokens[0]) and tokens[0] not in PAST and len(tokens) > 1:
        return tokens[0] not in _STATES_OF_PLAY and tokens[1] in OBJECTS | DETERMINERS
    verb = PAST.get(tokens[place]) if place else None
    if verb is None or verb in RESULT_VERBS | INTRANSITIVE_VERBS | AMBIGUOUS_PASSIVE:
        return False
    before = " ".join(tokens[:place])
    return not (is_intent(before) or SUBORDINATE.search(before)) and tokens[place - 1] not in _AUXILIARIES


def names_deed(head: str) -> bool:
    """Return whether what stands before an outcome names something done: `rollback of the config`, `Neustart der App`.

    A verb or a noun of a deed opens it, alone or behind a name; a state of the system does not.
    """
    tokens = WORD.findall(LEAD.sub("", SPEAKER.sub("", head.strip(), count=1), count=1))
    if len(tokens) < 2 or is_intent(head) or tokens[0].casefold() in _REFERRING:
        return False
    if names_foreign_deed(head) or note_reports_action(head):
        return True
    place = 1 if tokens[0][0].isupper() and tokens[0].casefold() not in FORMS and len(tokens) > 2 else 0
    return _verb_names_deed(tokens[place].casefold(), tokens[place + 1].casefold(), opens=place == 0)


def _verb_names_deed(form: str, following: str, *, opens: bool) -> bool:
    """Return whether a word names something done, given the word behind it; `opens`: no name stands before it."""
    verb = FORMS.get(form)
    if verb is None:
        return opens and PAST_FORM.fullmatch(form) is not None and following in OBJECTS | DETERMINERS
    if form.endswith("ing") and not opens:
        return False
    if verb in INTRANSITIVE_VERBS:
        return following not in _BEHIND_EVENTS and following.isalpha()
    return not (verb in ("release", "deploy", "launch", "load", "run") and form == verb)


def _opens_with_someone_acting(sentence: str) -> bool:
    """Match `kmoreau pauses the rollout, errors continue`: a lower-case name before a verb that only people do."""
    who, verb, *_ = [*WORD.findall(sentence)[:2], "", ""]
    form = verb.casefold()
    is_verb = form in PAST or (form in FORMS and form.endswith("s"))
    only_people = is_verb and FORMS[form] not in AMBIGUOUS_VERBS | INTRANSITIVE_VERBS | NOUN_VERBS - {"pause"}
    return only_people and who.isalpha() and who.casefold() not in MACHINES | OBJECTS


def opens_with_attempt(sentence: str) -> bool:
    """Return whether a sentence begins with an attempt, such as `Remounting …` or `We tried remounting …`."""
    match = _ATTEMPT.match(sentence)
    if match is not None and match["tried"]:
        return not match["stem"].casefold().endswith("th")  # `Tried nothing`, `Tried everything`
    return match is not None and any(
        base in VERB_NAMES - INTRANSITIVE_VERBS for base in _bases(match["stem"].casefold())
    )


def _bases(stem: str) -> Iterator[str]:
    """Yield the verbs that an -ing form may belong to, given its stem."""
    yield from (stem, f"{stem}e")
    if len(stem) > 3 and stem[-1] == stem[-2]:
        yield stem[:-1]
