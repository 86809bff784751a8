"""A passage: the piece of an incident or a document that is matched and cited."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from onrecall.domain.evidence import EvidenceKind

Owner = tuple[EvidenceKind, str]
"""What a passage belongs to, by kind and id."""
Part = Literal["opening", "resolution", "body"]


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of an incident or a document: what is matched, and what a citation opens."""

    owner: str
    kind: EvidenceKind
    part: Part
    n: int
    """Its place within its owner and part, from 0."""
    text: str
    line: int
    """Where it begins in its owner's page, from 1."""
    heading: str | None = None
    known_from: datetime | None = None
    """Nothing dated earlier may see it; None: always known."""
    terms: bytes = b""
    """Its terms as the retrieval packs them."""
    vector: bytes | None = None
    """Its meaning, float16, unit length; None where no model was at hand."""
    model: str | None = None
    """The model that made the vector."""
    terms_version: int | None = None
    """The version of the rules that cut it and made its terms; None: unknown."""
