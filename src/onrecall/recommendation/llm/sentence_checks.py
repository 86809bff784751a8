"""Sentences by a model: words of what they cite and harmless joining words, no number or name of their own, no link.

What an alert or a log line says can't be repeated through a model: its words count only where the evidence has them.
"""

import re
import unicodedata
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache
from importlib.resources import files

from onrecall.domain.command_shapes import is_command
from onrecall.domain.incident import Risk
from onrecall.recommendation.llm.web_addresses import is_address
from onrecall.recommendation.risk.assessment import RISKS
from onrecall.recommendation.risk.classify import classify, classify_text
from onrecall.recommendation.text_similarity import words

PLAIN = re.compile(r"[\w .,;:'’\"()/%–—+=\-‹›]*")
_FACT = re.compile(r"[^\s,;\"()’'‹›=]*\d[^\s,;\"()’'‹›=]*")
_DOTTED = re.compile(r"(?<![\w.-])[^\W_][\w-]*(?:\.[\w-]+)+", re.UNICODE)
_LINK = re.compile(r":/|//|\bwww\b|\b(?:https?|ftp|mailto|javascript|data|tel|sms|slack|hxxps?)\s*:", re.IGNORECASE)
_SPELLED = re.compile(r"\s(?:dot|punkt)\s", re.IGNORECASE)
_COMMAND = re.compile(r"(?<!\S)(?:--?[A-Za-z]|/)|[:;=+/(]\s*[:;=+/().,%]")
"""A flag, a path, or marks that no sentence has side by side."""
QUOTED_WORDS = 4
"""From so many words in a row on that stand just so in a cited line, they are a quotation."""
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


def flaws(text: str, receipts: str, shared: str, known: str, risk: Risk) -> Iterator[tuple[str, str]]:
    """What is wrong with a sentence, as a kind and in detail.

    `receipts` are the lines it cites, `shared` what the situation and the evidence both say, `known` all
    that was given, `risk` how dangerous the steps are that it may speak of.
    """
    if any(unicodedata.category(c)[0] in "CM" or unicodedata.category(c) in ("Zl", "Zp") for c in text):
        yield "a sentence has hidden characters", "leave out every character that is not a plain letter, digit or mark"
        return
    bare = _without_quoted_names(text, receipts)
    if not PLAIN.fullmatch(bare):
        strange = sorted({c for c in bare if not PLAIN.fullmatch(c)})
        yield "a sentence has markup", f"write plain words, without {' '.join(strange)}"
    if _LINK.search(text) or _SPELLED.search(text) or any(map(is_address, _DOTTED.findall(text))):
        yield "a sentence has a link", "write no address, no link and no domain name"
    if _COMMAND.search(bare) or _runs_a_program(text):
        yield "a sentence has a command", "write no commands, no flags and no paths"
    if risk != RISKS[-1] and _loses_data(text) and not _tells(text, receipts):
        yield "a sentence tells of losing data where no step does", "leave it out"
    if own := sorted({fact for fact in _facts(text) if not _stands(fact, known)}):
        yield "a sentence has a number or a name that was not given", f"not given: {', '.join(own[:8])}"
    if foreign := sorted(word for word in set(words(text)) - _vocabulary(receipts, shared) if not word.isdecimal()):
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


def _tells(text: str, receipts: str) -> bool:
    """Whether what a sentence tells of losing data stands in the lines it cites, in the same words."""
    said, cited = text.split(), receipts.split()
    run = SequenceMatcher(None, said, cited, autojunk=False).find_longest_match()
    rest = [*said[: run.a], *said[run.a + run.size :]]
    return run.size >= QUOTED_WORDS and not _loses_data(" ".join(rest))


def _runs_a_program(text: str) -> bool:
    """Whether a clause of it is a command line that loses data."""
    clauses = [clause for clause in _CLAUSE.split(text) if is_command(clause) and not _TELLING.match(clause)]
    return any(classify(clause).risk == RISKS[-1] for clause in clauses)


def _facts(text: str) -> Iterator[str]:
    """Numbers, ids, versions, hosts, times: whatever has a digit, or dots within."""
    for found in (*_FACT.findall(text), *_DOTTED.findall(text)):
        if fact := found.strip(_EDGES):
            yield fact


def _stands(fact: str, known: str) -> bool:
    return re.search(rf"(?<![\w.-]){re.escape(fact)}(?![\w-]|\.\w)", known, re.IGNORECASE) is not None


def _vocabulary(receipts: str, shared: str) -> frozenset[str]:
    return frozenset(words(receipts)) | frozenset(words(shared)) | _joining()


def common(one: str, other: str) -> str:
    """The words that both texts have."""
    return " ".join(set(words(one)) & set(words(other)))


@cache
def _joining() -> frozenset[str]:
    text = files("onrecall.recommendation.llm").joinpath("prose_words.txt").read_text(encoding="utf-8")
    return frozenset(words(" ".join(line for line in text.splitlines() if not line.startswith("#"))))
