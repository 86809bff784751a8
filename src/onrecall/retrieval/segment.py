"""A run of passages as arrays: their words, the signs of their vectors, and what filters ask for."""

import hashlib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from onrecall.domain.passage import Passage
from onrecall.domain.term_impacts import impacts
from onrecall.retrieval import postings
from onrecall.retrieval.index import PassageChange, Vector, VisibilityFilter
from onrecall.retrieval.postings import Postings, Terms
from onrecall.retrieval.tokenizer import unpack_all

Mask = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.uint64]

LEVELS = 127
"""Steps of a component of a vector on either side of zero, the largest being one byte's most."""
ROWS_AT_ONCE = 1_024
"""Vectors that are multiplied at a time: few enough to stay in the processor's cache as floats."""
BEGINNING_OF_TIME = np.iinfo(np.int64).min
TAG_BIT = 1 << 39
"""Tags (kind, service, label, owner) stand among the terms: 39 bits of a hash, and this one, which no term has."""
NO_DISTANCE = np.uint16(1 << 15)
"""Distance of rows that may not be seen or have no vector; no real distance is as large."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Segment:
    """Passages that came between two places of the change log; never changed, only replaced."""

    first: int
    last: int
    ids: npt.NDArray[np.int64]
    """Rising."""
    known: npt.NDArray[np.int64]
    """Since when each is known, in microseconds since 1970."""
    checks: npt.NDArray[np.uint32]
    """A checksum of each, to see whether the database still is the one this was made from."""
    bits: Bits
    """The signs of the vectors, 64 in a number: one row for each 64 dimensions, one column for each passage."""
    quantized: npt.NDArray[np.int8]
    """The vectors in bytes: one row for each passage."""
    scales: Vector
    """By what each of them is to be multiplied."""
    meant: Mask
    """Which of them have a vector."""
    dead: Mask
    """Which of them are gone."""
    words: Postings

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def living(self) -> int:
        """How many of its passages are still there."""
        return len(self) - int(np.count_nonzero(self.dead))

    @classmethod
    def of(cls, changes: Sequence[PassageChange], model: str | None) -> "Segment":
        """The passages that came with these changes; vectors of another model don't count."""
        added = sorted(
            ((change, change.passage) for change in changes if change.passage is not None), key=lambda pair: pair[0].id
        )
        vectors = [passage.vector if model and passage.model == model else None for _, passage in added]
        bits, quantized, scales, has_vector = _sketches(vectors)
        return cls(
            first=changes[0].seq,
            last=changes[-1].seq,
            ids=np.array([change.id for change, _ in added], np.int64),
            known=np.array([_to_microseconds(passage.known_from) for _, passage in added], np.int64),
            checks=np.array([checksum(passage) for _, passage in added], np.uint32),
            bits=bits,
            quantized=quantized,
            scales=scales,
            meant=has_vector,
            dead=np.zeros(len(added), np.bool_),
            words=Postings.of(_posting_keys(added), len(added)),
        )

    @classmethod
    def merged(cls, parts: Sequence["Segment"]) -> "Segment":
        """Several that follow each other in one, without what is gone."""
        ids = np.concatenate([part.ids for part in parts])
        order = np.argsort(ids, kind="stable")
        order = order[~np.concatenate([part.dead for part in parts])[order]]
        places = np.full(len(ids), -1, np.int64)
        places[order] = np.arange(len(order))
        deep, wide = max(len(part.bits) for part in parts), max(part.quantized.shape[1] for part in parts)
        return cls(
            first=parts[0].first,
            last=parts[-1].last,
            ids=ids[order],
            known=np.concatenate([part.known for part in parts])[order],
            checks=np.concatenate([part.checks for part in parts])[order],
            bits=np.take(np.concatenate([_pad_planes(part.bits, deep) for part in parts], axis=1), order, axis=1),
            quantized=np.concatenate([_pad_columns(part.quantized, wide) for part in parts])[order],
            scales=np.concatenate([part.scales for part in parts])[order],
            meant=np.concatenate([part.meant for part in parts])[order],
            dead=np.zeros(len(order), np.bool_),
            words=Postings.merged([part.words for part in parts], places, len(order)),
        )

    def without(self, removed_ids: npt.NDArray[np.int64]) -> "Segment":
        """Mark these passages as removed; return the segment itself if it holds none of them."""
        if not len(self) or removed_ids[-1] < self.ids[0] or removed_ids[0] > self.ids[-1]:
            return self
        rows = np.minimum(np.searchsorted(self.ids, removed_ids), len(self) - 1)
        rows = rows[self.ids[rows] == removed_ids]
        if not len(rows):
            return self
        dead = self.dead.copy()
        dead[rows] = True
        return replace(self, dead=dead)

    def may_show(self, visible: VisibilityFilter) -> bool:
        """Return whether some passage has each tag that a question asks for."""
        return all(map(self.words.contains, _required_tags(visible)))

    def visible_rows(self, visible: VisibilityFilter) -> Mask | None:
        """Which rows a question may see; None: all of them."""
        needed = list(_required_tags(visible))
        hides = visible.kind is None and self.words.contains(SUGGESTION_TAG)
        if not (needed or visible.exclude or hides) and visible.as_of is None and not self.dead.any():
            return None
        mask = ~(self.dead | self.words.having(SUGGESTION_TAG)) if hides else ~self.dead
        if visible.as_of is not None:
            mask &= self.known <= _to_microseconds(visible.as_of)
        for tag in needed:
            mask &= self.words.having(tag)
        for owner in visible.exclude:
            mask &= ~self.words.having(_tag("owner", owner))
        return mask

    def scores(self, terms: Terms, importance: Vector, visible: VisibilityFilter) -> Vector:
        """How well each row fits the terms; 0: not at all, or it may not be seen."""
        scores = self.words.scores(terms, importance)
        mask = self.visible_rows(visible)
        return scores if mask is None else np.multiply(scores, mask, out=scores)

    def distances(self, sketch: Bits, visible: VisibilityFilter) -> npt.NDArray[np.uint16]:
        """Return each row's Hamming distance to the sketch, or `NO_DISTANCE`."""
        distances = np.zeros(len(self), np.uint16)
        if len(sketch) != len(self.bits):
            return distances + NO_DISTANCE
        difference, bit_counts = np.empty(len(self), np.uint64), np.empty(len(self), np.uint8)
        for plane, sign in zip(self.bits, sketch, strict=True):
            distances += np.bitwise_count(np.bitwise_xor(plane, sign, out=difference), out=bit_counts)
        mask = self.visible_rows(visible)
        distances[~self.meant if mask is None else ~(mask & self.meant)] = NO_DISTANCE
        return distances

    def similarities(self, rows: npt.NDArray[np.intp], vector: Vector) -> Vector:
        """Return the vector's dot product with the vectors of these rows, some ten-thousandths off."""
        if self.quantized.shape[1] != len(vector):
            return np.zeros(len(rows), np.float32)
        products = [
            np.take(self.quantized, rows[start : start + ROWS_AT_ONCE], axis=0).astype(np.float32) @ vector
            for start in range(0, len(rows), ROWS_AT_ONCE)
        ]
        return np.concatenate([np.empty(0, np.float32), *products]) * self.scales[rows]


def binary_sketch(vector: Vector) -> Bits:
    """The signs of one vector, 64 in a number."""
    return _pack_signs(vector[None])[:, 0]


def checksum(passage: Passage) -> int:
    """A checksum of a passage."""
    content = f"{passage.kind}\0{passage.owner}\0{passage.part}\0{passage.n}\0{passage.text}"
    return zlib.crc32(content.encode("utf-8", "surrogatepass"))


def _posting_keys(added: Sequence[tuple[PassageChange, Passage]]) -> postings.Keys:
    """The terms of all passages with their weights, and the tags of all."""
    terms, counts, sizes = unpack_all([passage.terms for _, passage in added])
    rows, frequencies = np.repeat(np.arange(len(added)), sizes), counts.astype(np.float64)
    lengths = np.bincount(rows, frequencies, len(added))[rows].astype(np.float64)
    weights = impacts(frequencies, lengths)
    tags = [list(_tags(passage, change.service, change.labels)) for change, passage in added]
    tagged = np.repeat(np.arange(len(added)), [len(passage_tags) for passage_tags in tags])
    flat = np.array([tag for passage_tags in tags for tag in passage_tags], np.uint64)
    return np.concatenate(
        (
            postings.pack_keys(terms.astype(np.uint64), rows, weights),
            postings.pack_keys(flat, tagged, np.ones(len(flat), np.uint64)),
        )
    )


def _tags(passage: Passage, service: str | None, labels: Mapping[str, str]) -> Iterator[int]:
    yield _tag("owner", passage.owner)
    yield from _required_tags(VisibilityFilter(passage.kind, service, labels))


def _required_tags(visible: VisibilityFilter) -> Iterator[int]:
    """The tags that a passage must have to be seen."""
    if visible.kind is not None:
        yield _tag("kind", visible.kind)
    if visible.service is not None:
        yield _tag("service", visible.service)
    for name, value in visible.labels.items():
        yield _tag("label", name, value)


@lru_cache(maxsize=65_536)
def _tag(*parts: str) -> int:
    encoded = "\0".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(encoded, digest_size=5).digest()) | TAG_BIT


def _to_microseconds(moment: datetime | None) -> int:
    """Microseconds since 1970, exactly; None: always."""
    if moment is None:
        return int(BEGINNING_OF_TIME)
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _sketches(vectors: Sequence[bytes | None]) -> tuple[Bits, npt.NDArray[np.int8], Vector, Mask]:
    """The signs of all vectors, the vectors in bytes with their scales, and which rows have one."""
    width = next((len(vector) for vector in vectors if vector), 0)
    has_vector = np.array([vector is not None and len(vector) == width > 0 for vector in vectors], np.bool_)
    stacked = np.frombuffer(
        b"".join(vector for vector, present in zip(vectors, has_vector, strict=True) if vector and present), "<f2"
    ).reshape(int(has_vector.sum()), width // 2)
    bits = np.zeros((-(-width // 128), len(vectors)), np.uint64)
    bits[:, has_vector] = _pack_signs(stacked)
    quantized, scales = np.zeros((len(vectors), width // 2), np.int8), np.zeros(len(vectors), np.float32)
    quantized[has_vector], scales[has_vector] = _quantize(stacked.astype(np.float32))
    return bits, quantized, scales, has_vector


def _quantize(vectors: Vector) -> tuple[npt.NDArray[np.int8], Vector]:
    """Return each vector in bytes, and by what to multiply it; one with components that are no numbers is zero."""
    largest = np.abs(vectors).max(1, initial=0.0)
    usable = np.isfinite(largest) & (largest > 0)
    scales = np.where(usable, largest / LEVELS, 0).astype(np.float32)
    steps = np.where(usable, LEVELS / np.where(usable, largest, 1), 0)
    return np.rint(np.where(usable[:, None], vectors, 0) * steps[:, None]).astype(np.int8), scales


def _pack_signs(vectors: npt.NDArray[np.floating]) -> Bits:
    packed = np.packbits(vectors > 0, axis=1, bitorder="little")
    return np.ascontiguousarray(np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8))).view(np.uint64).T)


def _pad_columns(quantized: npt.NDArray[np.int8], wide: int) -> npt.NDArray[np.int8]:
    return np.pad(quantized, ((0, 0), (0, wide - quantized.shape[1])))


def _pad_planes(bits: Bits, deep: int) -> Bits:
    return np.pad(bits, ((0, deep - len(bits)), (0, 0)))


SUGGESTION_TAG = _tag("kind", "suggestion")
"""What a sender suggests is seen by those alone who look for suggestions."""
