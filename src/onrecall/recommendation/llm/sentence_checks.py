"""Sentences by a model: words of what they cite and harmless joining words, no number or name of their own, no link.

What an alert or a log line says can't be repeated through a model: its words count only where the evidence has them.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from onrecall.domain.incident import Risk
from onrecall.recommendation.risk.assessment import RISKS
from onrecall.recommendation.risk.classify import classify_text
from onrecall.recommendation.text_similarity import words

PLAIN = re.compile(r"[\w .,;:'’\"()/%–—+=\-‹›]*")
_FACT = re.compile(r"[^\s,;\"()’'‹›=]*\d[^\s,;\"()’'‹›=]*")
_DOTTED = re.compile(r"[^\W_][\w-]*(?:\.[\w-]+)*\.[^\W\d_]{2,}", re.UNICODE)
_LINK = re.compile(r":/|//|\bwww\b|\b(?:https?|ftp|mailto|javascript|data|tel|sms|slack|hxxps?)\s*:", re.IGNORECASE)
_INTERNAL = re.compile(
    r"(?:internal|local|svc|lan|home|intra|ya?ml|json|conf|cfg|ini|toml|xml|log|properties|[A-Z]\w*(?:Error|Exception))"
)
_SPELLED = re.compile(r"\s(?:dot|punkt)\s", re.IGNORECASE)
_COMMAND = re.compile(r"(?<!\S)(?:--?[A-Za-z]|/)|[:;=+/(]\s*[:;=+/().,%]")
"""A flag, a path, or marks that no sentence has side by side."""
_EDGES = ".:;-–—/%+"


def flaws(text: str, receipts: str, shared: str, known: str, risk: Risk) -> Iterator[tuple[str, str]]:
    """What is wrong with a sentence, as a kind and in detail.

    `receipts` are the lines it cites, `shared` what the situation and the evidence both say, `known` all
    that was given, `risk` how dangerous the steps are that it may speak of.
    """
    if any(unicodedata.category(c)[0] in "CM" or unicodedata.category(c) in ("Zl", "Zp") for c in text):
        yield "a sentence has hidden characters", "leave out every character that is not a plain letter, digit or mark"
        return
    if not PLAIN.fullmatch(text):
        strange = sorted({c for c in text if not PLAIN.fullmatch(c)})
        yield "a sentence has markup", f"write plain words, without {' '.join(strange)}"
    if _LINK.search(text) or _SPELLED.search(text) or any(_addresses(text)):
        yield "a sentence has a link", "write no address, no link and no domain name"
    if _COMMAND.search(text):
        yield "a sentence has a command", "write no flags and no paths"
    if risk != RISKS[-1] and classify_text(text).risk == RISKS[-1]:
        yield "a sentence tells of losing data where no step does", "leave it out"
    if own := sorted({fact for fact in _facts(text) if not _stands(fact, known)}):
        yield "a sentence has a number or a name that was not given", f"not given: {', '.join(own[:8])}"
    if foreign := sorted(word for word in set(words(text)) - _vocabulary(receipts, shared) if not word.isdecimal()):
        yield "a sentence says what its lines do not", f"not in the lines it cites: {', '.join(foreign[:12])}"


def _addresses(text: str) -> Iterator[str]:
    """Names with dots that something might make a link of."""
    for name in _DOTTED.findall(text):
        if not _INTERNAL.fullmatch(name.rpartition(".")[2]):
            yield name


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
