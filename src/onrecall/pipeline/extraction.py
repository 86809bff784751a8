"""Let a model propose the cause and the steps of postmortems in which the rules found none; a person confirms them."""

import hashlib
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from onrecall.domain.count_noun import count_noun
from onrecall.domain.document import Document
from onrecall.domain.errors import NotFound
from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.suggestion import Suggestion
from onrecall.importers.postmortem.outcomes import detect_outcome
from onrecall.pipeline.refine import MeteredModel, Models, Remote
from onrecall.pipeline.suggestions import EXTRACTED, suggestion_id
from onrecall.recommendation.llm import ModelError, Prompt
from onrecall.recommendation.llm.extraction import (
    Extraction,
    VerifiedExtraction,
    build_extraction_prompt,
    parse_extraction,
    verify_extraction,
)
from onrecall.recommendation.llm.routing import Role
from onrecall.redaction import redact_model
from onrecall.redaction.reversible_mask import Mask
from onrecall.retrieval import Retriever
from onrecall.storage import Storage

NO_MODEL = (
    "no language model is configured, so nothing was extracted; set ONRECALL_LLM_DRAFT, for example to a local one, "
    "and import again with --extract"
)


@dataclass(slots=True)
class ExtractionReport:
    """What an extraction asked and proposed."""

    requests: int = 0
    """Postmortems that a model read."""
    proposed: list[str] = field(default_factory=list)
    """Ids of the suggestions."""
    dropped: int = 0
    """Quotations that do not stand in their postmortem and were thrown away."""
    failures: dict[str, str] = field(default_factory=dict)
    """Incident → why no model answered."""

    def note_verified(self, incident_id: str, verified: VerifiedExtraction) -> None:
        """Count what a model quoted that stands nowhere; an earlier failure no longer counts."""
        self.dropped += len(verified.dropped)
        self.failures.pop(incident_id, None)

    @property
    def summary(self) -> str:
        """Return what came of it in one line."""
        parts = [
            f"{count_noun(self.requests, 'postmortem')} read by a model",
            f"{count_noun(len(self.proposed), 'proposal')} to confirm",
        ]
        parts += [f"{count_noun(self.dropped, 'quotation')} dropped, not in the text"] if self.dropped else []
        parts += [f"{len(self.failures)} not read ({next(iter(self.failures.values()))})"] if self.failures else []
        return f"extracted: {', '.join(parts)}" + ("; onrecall suggestions list" if self.proposed else "")


class PostmortemExtractor:
    """Asks the configured models about postmortems and stores what they quote as suggestions."""

    def __init__(
        self, store: Storage, recall: Retriever, clock: Callable[[], datetime], models: Models, *, personal: bool
    ) -> None:
        self._store, self._recall, self._clock = store, recall, clock
        self._models, self._personal = models, personal
        self._code = secrets.token_hex(8)

    @property
    def active(self) -> bool:
        """Whether a model is configured."""
        return bool(self._models.by_role)

    def extract(self, incident_ids: Iterable[str]) -> ExtractionReport:
        """Ask about each of these that lacks a cause or steps and was not asked about with the same text before."""
        report = ExtractionReport()
        for incident_id in incident_ids:
            incident = self._find(incident_id)
            if incident is None or incident.document is None or not lacks_resolution(incident):
                continue
            document = self._store.documents.get(incident.document)
            name = _suggestion_name(incident, document)
            if not self._is_known(name):
                self._ask(incident, document, name, report)
        return report

    def _find(self, incident_id: str) -> Incident | None:
        """Return the incident; None if it was rejected when it was saved."""
        try:
            return self._store.incidents.get(incident_id)
        except NotFound:
            return None

    def _is_known(self, name: str) -> bool:
        try:
            self._store.suggestions.get(name)
        except NotFound:
            return False
        return True

    def _ask(self, incident: Incident, document: Document, name: str, report: ExtractionReport) -> None:
        """Ask the models in turn, until one quotes something that stands in the text."""
        mask = Mask(self._code)
        prompt = build_extraction_prompt(document.text, mask)
        ends = time.monotonic() + self._models.deadline_seconds
        report.requests += 1
        for role, remote in self._models.by_role:
            model = MeteredModel(remote, self._store, self._models.limits, self._clock, name)
            extraction = _ask_model(model, remote, role, prompt, ends)
            if isinstance(extraction, str):
                report.failures[incident.id] = extraction
                continue
            verified = verify_extraction(extraction, document.text, mask, detect_outcome)
            model.report_validation(["not in the text"] if verified.dropped else [])
            report.note_verified(incident.id, verified)
            if not verified.is_empty:
                report.proposed.append(self._propose(incident, document, name, verified, role, remote.name))
                return

    def _propose(
        self, incident: Incident, document: Document, name: str, verified: VerifiedExtraction, role: Role, model: str
    ) -> str:
        """Store what a model quoted as a suggestion; returns its id."""
        suggestion = self._suggestion(incident, document, name, verified, f"{role} model {model}")
        clean = redact_model(suggestion, self._personal)
        (passages,) = self._recall.prepare([clean])
        self._store.suggestions.add(clean, passages, self._clock())
        return name

    def _suggestion(
        self, incident: Incident, document: Document, name: str, verified: VerifiedExtraction, by: str
    ) -> Suggestion:
        return Suggestion(
            id=name,
            kind="resolution",
            source=EXTRACTED,
            by=by,
            at=self._clock(),
            title=incident.title,
            text="\n".join(_described(document, verified)),
            service=incident.service,
            incident=incident.id,
            resolution=_suggested_resolution(verified, self._clock(), by),
        )


def _suggested_resolution(verified: VerifiedExtraction, at: datetime, by: str) -> Resolution:
    return Resolution(
        verified.root_cause,
        at,
        steps=verified.steps,
        provenance="suggested",
        by=by,
        root_cause_line=verified.root_cause_line,
    )


def _ask_model(model: MeteredModel, remote: Remote, role: Role, prompt: Prompt, ends: float) -> Extraction | str:
    """Return what a model quotes until a monotonic time, or why nothing can be made of its reply."""
    try:
        remote.ready()
        extraction = parse_extraction(model.ask(prompt, role, max(ends - time.monotonic(), 0.0)).text)
    except ModelError as failure:
        return str(failure)
    if isinstance(extraction, str):
        model.report_validation([extraction])
        return f"the {role} model: {extraction}"
    return extraction


def lacks_resolution(incident: Incident) -> bool:
    """Return whether the cause or what helped is not known, and nobody but the rules said anything of it."""
    current = incident.resolution
    if incident.status != "resolved" or (current is not None and current.provenance != "imported"):
        return False
    return current is None or not current.root_cause or not any(step.outcome == "worked" for step in current.steps)


def _suggestion_name(incident: Incident, document: Document) -> str:
    """Return the suggestion's id: of the incident and its text, not of what a model says, so none is asked twice."""
    return suggestion_id(EXTRACTED, incident.id, hashlib.sha256(document.text.encode(errors="replace")).hexdigest())


def _described(document: Document, verified: VerifiedExtraction) -> Iterable[str]:
    if verified.root_cause:
        yield f"Root cause ({document.id}, line {verified.root_cause_line}): {verified.root_cause}"
    for step in verified.steps:
        command = f" `{step.command}`" if step.command and step.command not in step.text else ""
        yield f"Step ({document.id}, line {step.line}): {step.text}{command}"
