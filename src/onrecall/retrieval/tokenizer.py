"""Terms: the one way text becomes words here, for the index, the scorer and the explanation.

An identifier counts whole and in its parts, an error code and a version whole; English words are stemmed; what changes
from run to run is masked in log lines and stays in prose; writing without blanks becomes pairs of characters.
"""

import re
import threading
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np
import Stemmer

from onrecall.retrieval import log_templates

VERSION = 1
"""Increase it when tokenization or passage splitting changes; stored terms and passages are then rebuilt."""
MAX_CHARACTERS = 200_000
"""Characters of one text that are read; what follows adds nothing to recall and costs time."""
MAX_TERM_LENGTH = 80
"""Characters of a term; anything longer is data, not a name."""
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be but by for if in into is it no not of on or such "
        "that the their then there these they this to was will with",
    )
)
"""English words that say nothing of a fault: Lucene's list."""

_WORD = r"[0-9A-Za-z\u00aa\u00b5\u00ba\u00c0-\u1fff\u2c00-\u2dff\u3040-\uffff\U00010000-\U0010ffff]"
_COMPOUND = re.compile(rf"{_WORD}+(?:[-._/:@$\\]+{_WORD}+)*")
_PIECE = re.compile(rf"{_WORD}+")
_HUMP = re.compile(r"[A-Z]+(?=[A-Z][a-z]{2})|[A-Z]?[a-z0-9]+|[A-Z0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z][A-Za-z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_NUMBERED = re.compile(r"([a-z]{3,})\d+")
_NUMERIC = re.compile(r"v?\d+(?:[-._/:]\d+)*")
_VERSION = re.compile(r"v?(\d+\.\d+)((?:\.\d+)+)(?:[-_]?[a-z]\w*)?", re.IGNORECASE)
UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]+"
)
_STATUS = re.compile(
    r"\b(?:https?(?:/\d(?:\.\d)?)?|status|code|response)[ \t\"'`:=(\[]{1,4}"
    r"(?:code|status)?[ \t\"'`:=(\[]{0,3}([1-5]\d\d)\b",
    re.IGNORECASE,
)
_EXIT = re.compile(r"\bexit(?:ed)?(?: with)?[ _-]?(?:code|status)?[ \t\"':=]{1,3}(\d{1,3})\b", re.IGNORECASE)
_stemmers = threading.local()


def tokenize(text: str) -> list[str]:
    """Return the terms of a text in order, with repetitions."""
    return [term for term, _ in tokens_with_source(text)]


def tokens_with_source(text: str) -> Iterator[tuple[str, str]]:
    """Yield each term of a text with the written word it comes from."""
    folded = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS])
    masked = log_templates.mask_variables(folded, " ")
    for match in _COMPOUND.finditer(masked):
        word = match[0]
        for term in _expand(word) if len(word) <= MAX_TERM_LENGTH else _expand_long(word):
            yield term, word
    for match in _STATUS.finditer(folded):
        yield f"http{match[1]}", match[0]
    for match in _EXIT.finditer(folded):
        yield f"exit{match[1]}", match[0]


def count_terms(text: str) -> dict[int, int]:
    """How often each term stands in a text, by term id; same terms as `tokenize`, each word expanded once."""
    folded = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS])
    counted: dict[int, int] = {}
    for word, n in Counter(_COMPOUND.findall(log_templates.mask_variables(folded, " "))).items():
        for identifier in _term_ids(word) if len(word) <= MAX_TERM_LENGTH else map(term_id, _expand_long(word)):
            counted[identifier] = counted.get(identifier, 0) + n
    for code in (*map("http{}".format, _STATUS.findall(folded)), *map("exit{}".format, _EXIT.findall(folded))):
        counted[term_id(code)] = counted.get(term_id(code), 0) + 1
    return counted


def term_id(term: str) -> int:
    """A term's stable 32-bit number: the same in every process and on every machine."""
    return zlib.crc32(term.encode("utf-8", "surrogatepass"))


def pack(counted: Mapping[int, int]) -> bytes:
    """Numbers in rising order (uint32, little-endian), then their counts (uint8, capped at 255)."""
    numbers = sorted(counted)
    capped = [min(counted[term], 255) for term in numbers]
    return np.array(numbers, "<u4").tobytes() + np.array(capped, "u1").tobytes()


def unpack(packed: bytes) -> tuple[np.ndarray, np.ndarray]:
    """The numbers and the counts that were packed."""
    n = len(packed) // 5
    return np.frombuffer(packed, "<u4", n), np.frombuffer(packed, "u1", n, 4 * n)


def unpack_all(packed: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """The numbers and the counts of many, one after the other, and how many each has."""
    sizes = [len(block) // 5 for block in packed]
    numbers = b"".join([block[: 4 * size] for block, size in zip(packed, sizes, strict=True)])
    often = b"".join([block[4 * size : 5 * size] for block, size in zip(packed, sizes, strict=True)])
    return np.frombuffer(numbers, "<u4"), np.frombuffer(often, "u1"), sizes


def split_names(text: str) -> str:
    """The text as a language model reads it best: `KubePodCrashLooping` becomes `Kube Pod Crash Looping`."""
    return _CAMEL.sub(" ", text)


@lru_cache(maxsize=65_536)
def written_part(word: str, identifier: int) -> str:
    """Return the part of a written word that a term of it is: `Memory` of `RedisMemoryHigh`; else the whole word."""
    parts = (part for piece in _PIECE.findall(word) for part in (piece, *_HUMP.findall(piece)))
    return next((part for part in (word, *parts) if identifier in _term_ids(part)[:1]), word)


@lru_cache(maxsize=200_000)
def _term_ids(word: str) -> tuple[int, ...]:
    return tuple(map(term_id, _expand(word)))


@lru_cache(maxsize=200_000)
def _expand(word: str) -> tuple[str, ...]:
    """The terms of one written word: itself when it is a name, a code or a version, and its parts."""
    if _NUMERIC.fullmatch(word.lower()):
        return _expand_number(word.lower())
    pieces = _PIECE.findall(word)
    parts = [part for piece in pieces for part in _split_piece(piece)]
    if version := _VERSION.fullmatch(word):
        return _unique((word.lower().removeprefix("v"), version[1] + version[2], version[1], *parts))
    if len(pieces) > 1:
        return _unique(("".join(pieces).casefold(), *parts))
    return _unique(parts)


def expand_plain_word(word: str) -> tuple[str, ...]:
    """Return the terms of a word of small letters, without keeping them: for spellings that nobody may have written."""
    if word in STOP_WORDS:
        return ()
    return (_stem(word) if word.isascii() else word.casefold(),)


def _expand_number(word: str) -> tuple[str, ...]:
    version = _VERSION.fullmatch(word)
    return _unique((word.removeprefix("v"), version[1])) if version else (word.removeprefix("v") or word,)


def _split_piece(piece: str) -> list[str]:
    """An unbroken word: stemmed; a name in humps whole and by its humps; unspaced writing by pairs."""
    if not piece.isascii():
        return character_pairs(piece) if UNSPACED.search(piece) else [piece.casefold()]
    if piece.lower() in STOP_WORDS:
        return []
    humps = [] if piece.isupper() else _HUMP.findall(piece)
    if len(humps) > 1:
        return [
            piece.lower(),
            *(_stem(part) for part in map(str.lower, humps) if len(part) > 1 and part not in STOP_WORDS),
        ]
    lowered = piece.lower()
    numbered = _NUMBERED.fullmatch(lowered)
    return [lowered, _stem(numbered[1])] if numbered else [_stem(lowered)]


def character_pairs(piece: str) -> list[str]:
    """Chinese, Japanese, Korean, Thai and their like by pairs of characters; what stands between, whole."""
    pairs: list[str] = []
    at = 0
    for run in UNSPACED.finditer(piece):
        if run.start() > at:
            pairs.append(_fold(piece[at : run.start()]))
        pairs += [run[0][i : i + 2] for i in range(max(1, len(run[0]) - 1))]
        at = run.end()
    if at < len(piece):
        pairs.append(_fold(piece[at:]))
    return pairs


def _fold(piece: str) -> str:
    return _stem(piece.lower()) if piece.isascii() else piece.casefold()


def _expand_long(word: str) -> Iterator[str]:
    """A word too long to be a name (a path, a token, data): only its parts of readable length."""
    for piece in _PIECE.finditer(word):
        if len(piece[0]) <= MAX_TERM_LENGTH:
            yield from _expand(piece[0])
        elif UNSPACED.match(piece[0]):
            yield from character_pairs(piece[0])


def _unique(candidates: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(candidates))


def _stem(word: str) -> str:
    """The English stem; a stemmer may only serve one thread."""
    stemmer = getattr(_stemmers, "english", None)
    if stemmer is None:
        stemmer = _stemmers.english = Stemmer.Stemmer("english")
    stem: str = stemmer.stemWord(word)
    return stem
