"""Sentences by a model: words of what they cite and harmless joining words, no number or name of their own, no link.

What an alert or a log line says can't be repeated through a model: its words count only where the evidence has them.
"""

import re
import unicodedata
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache

from onrecall.domain.command_shapes import is_command
from onrecall.domain.recommendation import Risk
from onrecall.domain.word_file import read_words
from onrecall.recommendation.llm.web_addresses import is_address
from onrecall.recommendation.risk.assessment import RISKS
from onrecall.recommendation.risk.classify import classify, classify_text
from onrecall.recommendation.text_similarity import extract_stems

PLAIN = re.compile(r"[\w .,;:'’\"()/%–—+=\-‹›]*")
_FACT = re.compile(r"[^\s,;\"()’'‹›=]*\d[^\s,;\"()’'‹›=]*")
_DOTTED = re.compile(r"(?<![\w.-])[^\W_][\w-]*(?:\.[\w-]+)+", re.UNICODE)
_LINK = re.compile(r":/|//|\bwww\b|\b(?:https?|ftp|mailto|javascript|data|tel|sms|slack|hxxps?)\s*:", re.IGNORECASE)
_SPELLED = re.compile(r"\s(?:dot|punkt)\s", re.IGNORECASE)
_COMMAND = re.compile(r"(?<!\S)(?:--?[A-Za-z]|/)|[:;=+/(]\s*[:;=+/().,%]")
"""A flag, a path, or marks that no sentence has side by side."""
QUOTED_WORDS = 4
"""Minimum number of consecutive words shared with a cited line that count as a quotation."""
_CLAUSE = re.compile(r"[.:;(]\s+")
_AROUND = ".,;:()'\"’"
_EDGES = ".:;-–—/%+"
_QUOTABLE = re.compile(r"[\w.,;:'\"()/%+=\\*\[\]^?#!~$-]+")
"""A word with marks that no sentence has otherwise, such as a variable or a pattern: data where a cited line has it."""
_ACTIVE = re.compile(r"\]\(|//|:/|\$\(|^[-/]")
"""What would be more than data even so: markup, an address, a substitution, a flag or a path."""
_FLAG = re.compile(r"--[a-z][a-z-]+")
_PATH = re.compile(r"/(?!(?:bin|boot|dev|etc|proc|root|sbin|sys|usr)\b)[a-z][\w/.-]*")
"""Paths, and one flag by its long name, are data where a cited line has them; two flags may be a command."""
_TELLING = re.compile(
    r"\S+\s+(?:had|has|have|was|were|is|are|did|does|could|can|can't|cannot|will|would|itself|also|never|no|not|and|or"
    r"|on|in|of|with|for|from|that|which|pods?|hosts?|servers?|clusters?)\b"
)
"""A clause that begins with a program's name and goes on as a sentence does."""


def find_flaws(text: str, receipts: str, shared: str, given_text: str, risk: Risk) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a sentence, as a kind and in detail.

    `receipts` are the lines it cites, `shared` what the situation and the evidence both say, `given_text` all that the
    model was given, `risk` how dangerous the steps are that it may speak of.
    """
    if any(
        unicodedata.category(character)[0] in "CM" or unicodedata.category(character) in ("Zl", "Zp")
        for character in text
    ):
        yield "a sentence has hidden characters", "leave out every character that is not a plain letter, digit or mark"
        return
    unquoted = _without_quoted_names(text, receipts)
    if not PLAIN.fullmatch(unquoted):
        markup = sorted({character for character in unquoted if not PLAIN.fullmatch(character)})
        yield "a sentence has markup", f"write plain words, without {' '.join(markup)}"
    if _LINK.search(text) or _SPELLED.search(text) or any(map(is_address, _DOTTED.findall(text))):
        yield "a sentence has a link", "write no address, no link and no domain name"
    if _COMMAND.search(unquoted) or _runs_a_program(text):
        yield "a sentence has a command", "write no commands, no flags and no paths"
    if risk != RISKS[-1] and _loses_data(text) and not _quotes_data_loss(text, receipts):
        yield "a sentence tells of losing data where no step does", "leave it out"
    if invented := sorted({fact for fact in _extract_facts(text) if not _is_given(fact, given_text)}):
        yield "a sentence has a number or a name that was not given", f"not given: {', '.join(invented[:8])}"
    if foreign := sorted(
        word for word in set(extract_stems(text)) - _vocabulary(receipts, shared) if not word.isdecimal()
    ):
        yield "a sentence says what its lines do not", f"not in the lines it cites: {', '.join(foreign[:12])}"


def _without_quoted_names(text: str, receipts: str) -> str:
    """The sentence with a plain word in place of each strange one that stands just so in a line it cites."""
    cited = {token.strip(_AROUND) for token in receipts.split()}
    tokens = text.split(" ")
    flags = {token.strip(_AROUND) for token in tokens if _FLAG.fullmatch(token.strip(_AROUND))}
    paths = {token.strip(_AROUND) for token in tokens if _PATH.fullmatch(token.strip(_AROUND))}
    data = set() if _loses_data(text) else paths | (flags if len(flags) == 1 else set())
    return " ".join(
        "name" if (word := token.strip(_AROUND)) in cited and (word in data or _is_quotable(token)) else token
        for token in tokens
    )


def _is_quotable(token: str) -> bool:
    return not PLAIN.fullmatch(token) and _QUOTABLE.fullmatch(token) is not None and not _ACTIVE.search(token)


def _loses_data(text: str) -> bool:
    return classify_text(text).risk == RISKS[-1]


def _quotes_data_loss(text: str, receipts: str) -> bool:
    """Return whether what a sentence says about losing data is a quotation from the lines it cites."""
    sentence_words, cited_words = text.split(), receipts.split()
    longest_match = SequenceMatcher(None, sentence_words, cited_words, autojunk=False).find_longest_match()
    remaining = [*sentence_words[: longest_match.a], *sentence_words[longest_match.a + longest_match.size :]]
    return longest_match.size >= QUOTED_WORDS and not _loses_data(" ".join(remaining))


def _runs_a_program(text: str) -> bool:
    """Return whether a clause of the text is a command line that loses data."""
    clauses = [clause for clause in _CLAUSE.split(text) if is_command(clause) and not _TELLING.match(clause)]
    return any(classify(clause).risk == RISKS[-1] for clause in clauses)


def _extract_facts(text: str) -> Iterator[str]:
    """Numbers, ids, versions, hosts, times: whatever has a digit, or dots within."""
    for match in (*_FACT.findall(text), *_DOTTED.findall(text)):
        if fact := match.strip(_EDGES):
            yield fact


def _is_given(fact: str, given_text: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(fact)}(?![\w-]|\.\w)", given_text, re.IGNORECASE) is not None


def _vocabulary(receipts: str, shared: str) -> frozenset[str]:
    return frozenset(extract_stems(receipts)) | frozenset(extract_stems(shared)) | _joining_words()


def common_words(first: str, second: str) -> str:
    """Return the words that both texts have."""
    return " ".join(set(extract_stems(first)) & set(extract_stems(second)))


@cache
def _joining_words() -> frozenset[str]:
    return frozenset(extract_stems(" ".join(read_words("onrecall.recommendation.llm", "prose_words.txt"))))
