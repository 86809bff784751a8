"""The parts and whether they answer, for `/status`, `/readyz` and `doctor`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel

from onrecall import __version__
from onrecall.bootstrap.store_watch import StoreWatch
from onrecall.domain.count_noun import count_noun
from onrecall.domain.errors import OnRecallError
from onrecall.pipeline import IncidentService
from onrecall.pipeline.reindex import ReindexProgress

State = Literal["ok", "degraded", "down"]


class ComponentStatus(BaseModel):
    """One part: its state and a sentence about it."""

    name: str
    state: State
    detail: str
    ready: bool = True
    """Whether it keeps nobody from sending here; what is degraded may still do."""


class StatusReport(BaseModel):
    """The overall state, which is that of the worst part."""

    version: str
    state: State
    parts: list[ComponentStatus]
    counts: Mapping[str, int]

    @property
    def ready(self) -> bool:
        """Whether messages are to be sent here."""
        return self.state != "down" and all(part.ready for part in self.parts)


def build_report(
    memory: IncidentService,
    meaning: ComponentStatus,
    extra: Sequence[Callable[[], ComponentStatus]] = (),
    watch: StoreWatch | None = None,
) -> StatusReport:
    """Check every part; `meaning` is the status of the sentence model alone."""
    problems = watch.problems() if watch else memory.store.health.problems
    store, counts, reindex_progress = _store_status(memory, problems)
    if watch and reindex_progress is not None and (queue := _queue_status(watch)):
        extra = [*extra, lambda: queue]
    index_parts = (
        [] if reindex_progress is None else [_model_status(meaning, reindex_progress), _terms_status(reindex_progress)]
    )
    parts = [store, *(index_parts or [meaning]), *(part() for part in extra)]
    order: list[State] = ["ok", "degraded", "down"]
    worst = max((part.state for part in parts), key=order.index)
    return StatusReport(version=__version__, state=worst, parts=parts, counts=counts)


def report_unopened_store(error: OnRecallError) -> StatusReport:
    """Build the report if the store can't even be opened."""
    part = ComponentStatus(name="store", state="down", detail=str(error), ready=False)
    return StatusReport(version=__version__, state="down", parts=[part], counts={})


def _store_status(
    memory: IncidentService, problems: Sequence[str]
) -> tuple[ComponentStatus, Mapping[str, int], ReindexProgress | None]:
    try:
        counts, reindex_progress = memory.store.health.counts(), memory.reindex.progress()
    except OnRecallError as error:
        return ComponentStatus(name="store", state="down", detail=str(error), ready=False), {}, None
    if problems:
        return (
            ComponentStatus(name="store", state="degraded", detail="; ".join(problems), ready=False),
            counts,
            reindex_progress,
        )
    stored = ", ".join(count_noun(counts[f"{noun}s"], noun) for noun in ("incident", "document"))
    detail = f"{memory.store.dialect}: {stored}"
    return ComponentStatus(name="store", state="ok", detail=detail), counts, reindex_progress


def _queue_status(watch: StoreWatch) -> ComponentStatus | None:
    """Report work that is stuck; None if there is none."""
    try:
        stuck = watch.stuck()
    except OnRecallError as error:
        stuck = str(error)
    return ComponentStatus(name="queue", state="degraded", detail=stuck, ready=False) if stuck else None


def _model_status(model: ComponentStatus, progress: ReindexProgress) -> ComponentStatus:
    """Report the sentence model, and whether the stored vectors are of that model."""
    if not progress.models or (progress.target.model is None and not any(progress.models)):
        return model
    shares = [
        f"{number:,} of {progress.passages:,} passages carry {f'vectors of {name}' if name else 'no vector'}"
        for name, number in progress.models.most_common()
    ]
    if progress.target.model is None:
        return ComponentStatus(name=model.name, state="degraded", detail=f"{model.detail}; {', '.join(shares)}")
    detail = f"{', '.join(shares)}, so only their words are compared; {_reindex_hint(progress)}"
    return ComponentStatus(name=model.name, state="degraded", detail=f"{model.detail}; {detail}")


def _terms_status(progress: ReindexProgress) -> ComponentStatus:
    """Report whether the stored terms are of the version used for queries."""
    version = progress.target.terms_version
    if not progress.terms_versions:
        return ComponentStatus(name="words", state="ok", detail=f"terms of version {version}")
    shares = [
        f"{number:,} of {progress.passages:,} passages carry terms of {f'version {stored}' if stored else 'no version'}"
        for stored, number in progress.terms_versions.most_common()
    ]
    missed = f"{', '.join(shares)}, questions those of version {version}, so some words are missed"
    detail = f"{missed}; {_reindex_hint(progress)}"
    return ComponentStatus(name="words", state="degraded", detail=detail)


def _reindex_hint(progress: ReindexProgress) -> str:
    return f"run `onrecall reindex` to have them of {progress.target.model or 'today'}"
