"""The forms of English verbs, and the lists of words in `prose_words.txt`."""

from functools import cache

from onrecall.recommendation.risk.sections import lines, words

_IRREGULAR = {
    "bring": ["brought"],
    "find": ["found"],
    "freeze": ["froze", "frozen"],
    "get": ["got", "gotten"],
    "give": ["gave", "given"],
    "go": ["went", "gone"],
    "grow": ["grew", "grown"],
    "know": ["knew", "known"],
    "make": ["made", "making"],
    "overwrite": ["overwrote", "overwritten"],
    "read": ["read"],
    "rebuild": ["rebuilt"],
    "re-read": ["re-read"],
    "run": ["ran"],
    "see": ["saw", "seen"],
    "take": ["took", "taken"],
    "tear": ["tore", "torn"],
    "tell": ["told"],
    "think": ["thought"],
    "throw": ["threw", "thrown"],
    "understand": ["understood"],
    "understood": ["understood"],
    "shut": ["shut"],
    "cut": ["cut"],
    "set": ["set"],
    "put": ["put"],
    "shed": ["shed"],
    "send": ["sent"],
    "blow": ["blew", "blown"],
    "sweep": ["swept"],
}


@cache
def verb_forms(verb: str) -> frozenset[str]:
    """The forms of a verb as sentences have them: restart, restarts, restarted, restarting."""
    stem = verb[:-1] if verb.endswith(("e", "y")) else verb
    forms = {verb, f"{verb}s", f"{verb}es", f"{verb}ed", f"{verb}d", f"{verb}ing", f"{stem}ing", f"{verb}{verb[-1]}ed"}
    return frozenset(forms | {f"{verb}{verb[-1]}ing", f"{stem}ied", f"{stem}ies", *_IRREGULAR.get(verb, ())})


def word_list(section: str) -> frozenset[str]:
    """The words of a section of `prose_words.txt`, as they stand there."""
    return words("prose/prose_words.txt", section)


def word_rows(section: str) -> tuple[str, ...]:
    """The lines of a section."""
    return lines("prose/prose_words.txt", section)


@cache
def verb_list(section: str) -> frozenset[str]:
    """All forms of the verbs of a section."""
    return frozenset(form for verb in word_list(section) for form in verb_forms(verb))
