"""Ingest: parse, redact and durably store deliveries. Idempotent."""

import base64
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from onrecall.domain.alert import Acknowledgement, Alert, InboundEvent, Note
from onrecall.domain.document import Document
from onrecall.domain.errors import Conflict, Invalid, RejectedInput, RejectedPart
from onrecall.domain.spans import span
from onrecall.pipeline.heartbeats import DeadMansSwitch
from onrecall.pipeline.observers import IngestStats, Observers
from onrecall.pipeline.redaction_cache import RedactionCache
from onrecall.pipeline.suggestions import suggested_document
from onrecall.redaction import redact_model
from onrecall.retrieval import Retriever
from onrecall.sources import SOURCES, ParsedWebhook, SourceCatalog, SubscriptionConfirmation, WebhookRequest
from onrecall.sources.body_decoding import decode_text
from onrecall.sources.rehearsal import PayloadRehearsal, RehearsedPart, rehearse
from onrecall.storage import IngestBatch, IngestResult, PreparedRecord, Storage
from onrecall.storage import ingest as receiving

JSON = {"content-type": "application/json"}
PACKED_TRACE_BYTES = 3_000
"""Bytes that are stored of a message that can't be decompressed."""


@dataclass(frozen=True, slots=True)
class ParsedDelivery:
    """A delivery that was parsed and redacted, ready to be stored."""

    arrival: IngestBatch
    confirmation: SubscriptionConfirmation | None = None
    refusal: Invalid | None = None
    """Why nothing of it could be parsed; it is stored as rejected all the same."""


@dataclass(frozen=True, slots=True)
class IngestReceipt:
    """Result of a delivery."""

    accepted: int
    duplicate: int
    rejected: tuple[RejectedInput, ...] = ()
    keys: tuple[str, ...] = ()
    """Deduplication keys of the received events."""
    confirmation: SubscriptionConfirmation | None = None
    """The source asks to have a URL fetched."""
    refusal: Invalid | None = None
    """Why nothing of it could be parsed; it is stored as rejected all the same."""
    problems: tuple[str, ...] = ()
    """Problems with parts that were accepted, each naming its field."""


@dataclass(frozen=True, slots=True)
class SourcePolicy:
    """Settings per source; `default` applies to all other sources."""

    expiry: Mapping[str, timedelta] = field(default_factory=dict)
    """Time after which an alert that its source never resolves expires; zero: never."""
    patience: Mapping[str, timedelta] = field(default_factory=dict)
    """How long a heartbeat may stay away; zero disables the check."""
    trusted: frozenset[str] = frozenset()
    """Sources whose notes and documents are accepted without confirmation."""


class AlertIngester:
    """Parses and stores deliveries."""

    def __init__(
        self,
        store: Storage,
        recall: Retriever,
        clock: Callable[[], datetime],
        observers: Observers,
        *,
        personal: bool,
        sources: SourceCatalog = SOURCES,
        policy: SourcePolicy = SourcePolicy(),
    ) -> None:
        self._store, self._recall, self._clock = store, recall, clock
        self._observers, self._personal = observers, personal
        self.sources = sources
        self._expiry = policy.expiry
        self._trusted = policy.trusted
        self.switch = DeadMansSwitch(store, clock, policy.patience)
        self._own = threading.local()

    def read(self, source: str, delivery: WebhookRequest, by: str | None = None) -> ParsedDelivery:
        """Parse one delivery without storing it. If nothing of it can be parsed, the result carries the refusal.

        `by` is the name of the key it came with, used as the author of notes that name none.
        """
        parser = self.sources.find(source)
        try:
            return self._prepare(parser.name, parser.parse(delivery, self._clock()), by)
        except Invalid as error:
            unreadable = RejectedPart("body", error.field, str(error), decode_text(delivery.body))
            return replace(self.rejected(parser.name, unreadable), refusal=error)

    def rejected(self, source: str, part: RejectedPart) -> ParsedDelivery:
        """Return a message that can't be parsed at all, ready to be stored as rejected."""
        return ParsedDelivery(IngestBatch(source, rejected_parts=(_rejected_part(part, self._cleaner),)))

    def refuse_packed(self, source: str, packed: WebhookRequest, reason: str) -> None:
        """Store the beginning of a message that can't be decompressed as rejected, in base64."""
        beginning = base64.b64encode(packed.body[:PACKED_TRACE_BYTES]).decode()
        self.store_batches([self.rejected(source, RejectedPart("body", "content-encoding", reason, beginning))])

    def rehearse(self, source: str, delivery: WebhookRequest) -> PayloadRehearsal:
        """Return what a delivery would become, redacted; nothing is stored."""
        return self._redacted(rehearse(self.sources, source, delivery, self._clock()))

    def store_batches(self, reads: Sequence[ParsedDelivery]) -> tuple[IngestReceipt, ...]:
        """Store parsed deliveries in one transaction."""
        with span("store deliveries", {"onrecall.deliveries": len(reads)}):
            received = self._store.ingest.store([read.arrival for read in reads], self._clock())
        self.switch.record_beats(signal for read in reads for signal in read.arrival.events)
        for read, result in zip(reads, received, strict=True):
            kind = read.arrival.source.partition("/")[0]  # a name that somebody chose for `generic` is no label
            self._observers.take(IngestStats(kind, result.accepted, result.duplicate, len(result.rejected)))
        return tuple(_make_receipt(read, result) for read, result in zip(reads, received, strict=True))

    def retry(self, number: int, mended: bytes | None = None) -> IngestReceipt:
        """Retry a rejected part, unchanged or corrected."""
        part = self._store.rejected.get(number)
        if part.settled_at is not None:
            raise Conflict(f"rejected part {number} was accepted at {part.settled_at.isoformat()}")
        noun = receiving.decode_rejected(part.raw) if mended is None else None
        if noun is not None:
            read = self._prepare(part.source, ParsedWebhook((noun,)), None)
        else:
            read = self.read(part.source, WebhookRequest(mended or part.raw.encode(errors="replace"), JSON))
            if read.refusal is not None:
                raise read.refusal
        _raise_first(rejected.to_rejected_input() for rejected in read.arrival.rejected_parts)
        (receipt,) = self.store_batches([replace(read, arrival=replace(read.arrival, is_retry=True))])
        _raise_first(receipt.rejected)
        self._store.rejected.mark_settled([number], self._clock())
        return receipt

    def _prepare(self, source: str, parsed: ParsedWebhook, by: str | None) -> ParsedDelivery:
        clean = self._cleaner
        unread = tuple(_rejected_part(part, clean) for part in parsed.malformed)
        attributed = tuple(_attribute(signal, source, by) for signal in parsed.signals)
        clean.prefetch(attributed)
        signals = tuple(clean.redact(self._expiring(signal)) for signal in attributed)
        arrival = IngestBatch(source, signals, rejected_parts=unread)
        documents = [redact_model(document, self._personal) for document in parsed.documents]
        if documents:
            arrival = self._with_documents(arrival, documents, by or source)
        return ParsedDelivery(arrival, parsed.confirmation)

    def _with_documents(self, arrival: IngestBatch, documents: Sequence[Document], by: str) -> IngestBatch:
        """Add documents as suggestions, or as documents if the source is trusted."""
        if arrival.source in self._trusted:
            prepared = self._recall.prepare(documents)
            entries = [
                PreparedRecord(document, passages) for document, passages in zip(documents, prepared, strict=True)
            ]
            return replace(arrival, entries=tuple(entries))
        suggested = [suggested_document(arrival.source, document, by, self._clock()) for document in documents]
        return replace(arrival, suggestions=tuple(zip(suggested, self._recall.prepare(suggested), strict=True)))

    def _redacted(self, rehearsal: PayloadRehearsal) -> PayloadRehearsal:
        clean = self._cleaner

        def text(value: str | None) -> str | None:
            return clean.text(value) if value else value

        def part_without_secrets(part: RehearsedPart) -> RehearsedPart:
            fields = (replace(value, value=text(value.value), place=text(value.place)) for value in part.fields)
            return replace(part, fields=tuple(fields), problems=tuple(map(clean.text, part.problems)))

        rejected = tuple(
            replace(part, raw=clean.json(part.raw), message=clean.text(part.message)) for part in rehearsal.rejected
        )
        refusal, definition = text(rehearsal.refusal), clean.text(rehearsal.definition)
        parts = tuple(map(part_without_secrets, rehearsal.parts))
        return replace(rehearsal, parts=parts, rejected=rejected, refusal=refusal, definition=definition)

    def _expiring(self, signal: InboundEvent) -> InboundEvent:
        """Apply the configured expiry to an alert that its source never resolves."""
        if not isinstance(signal, Alert) or signal.expires_after is None or signal.purpose == "test":
            return signal
        chosen = self._expiry.get(signal.source, self._expiry.get("default"))
        return signal if chosen is None else replace(signal, expires_after=chosen or None)

    @property
    def _cleaner(self) -> RedactionCache:
        """The redaction cache of this thread."""
        if not hasattr(self._own, "cleaner"):
            self._own.cleaner = RedactionCache(personal=self._personal)
        cleaner: RedactionCache = self._own.cleaner
        return cleaner


def _raise_first(rejected: Iterable[RejectedInput]) -> None:
    for part in rejected:
        raise Invalid(f"{part.where}: {part.message}", part.field)


def _attribute(signal: InboundEvent, source: str, by: str | None) -> InboundEvent:
    """Attribute a note or acknowledgement to its source, as in `pagerduty: Ann`, or to the key."""
    if not isinstance(signal, Note | Acknowledgement):
        return signal
    prefix = f"{source}: "
    if signal.by and not signal.by.startswith(prefix):
        return replace(signal, by=prefix + signal.by)
    return signal if signal.by else replace(signal, by=by or source)


def _make_receipt(read: ParsedDelivery, received: IngestResult) -> IngestReceipt:
    signals = read.arrival.events
    keys = tuple(signal.key for signal in signals)
    problems = tuple(dict.fromkeys(text for signal in signals if isinstance(signal, Alert) for text in signal.problems))
    return IngestReceipt(
        received.accepted, received.duplicate, received.rejected, keys, read.confirmation, read.refusal, problems
    )


def _rejected_part(part: RejectedPart, clean: RedactionCache) -> RejectedPart:
    field = clean.text(part.field) if part.field else part.field
    return RejectedPart(clean.text(part.where), field, clean.text(part.message), clean.json(part.raw))
