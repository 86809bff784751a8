"""The parts and whether they answer, for `/status`, `/readyz` and `doctor`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel

from onrecall import __version__
from onrecall.bootstrap.store_watch import StoreWatch
from onrecall.domain.errors import OnRecallError
from onrecall.pipeline import IncidentService
from onrecall.pipeline.reindex import ReindexProgress

State = Literal["ok", "degraded", "down"]


class ComponentStatus(BaseModel):
    """One part: whether it answers, in a word and a sentence."""

    name: str
    state: State
    detail: str
    ready: bool = True
    """Whether it keeps nobody from sending here; what is degraded may still do."""


class StatusReport(BaseModel):
    """The whole: as well as its worst part."""

    version: str
    state: State
    parts: list[ComponentStatus]
    counts: Mapping[str, int]

    @property
    def ready(self) -> bool:
        """Whether messages are to be sent here."""
        return self.state != "down" and all(part.ready for part in self.parts)


def report(
    memory: IncidentService,
    meaning: ComponentStatus,
    extra: Sequence[Callable[[], ComponentStatus]] = (),
    watch: StoreWatch | None = None,
) -> StatusReport:
    """Ask every part; `meaning` is the sentence model, as it stands for itself."""
    problems = watch.problems() if watch else memory.store.problems
    store, counts, standing = _store(memory, problems)
    if watch and standing is not None and (queue := _queue(watch)):
        extra = [*extra, lambda: queue]
    made = [] if standing is None else [_meaning(meaning, standing), _words(standing)]
    parts = [store, *(made or [meaning]), *(part() for part in extra)]
    order: list[State] = ["ok", "degraded", "down"]
    worst = max((part.state for part in parts), key=order.index)
    return StatusReport(version=__version__, state=worst, parts=parts, counts=counts)


def unopened(error: OnRecallError) -> StatusReport:
    """The report where the store can't even be opened."""
    part = ComponentStatus(name="store", state="down", detail=str(error), ready=False)
    return StatusReport(version=__version__, state="down", parts=[part], counts={})


def _store(
    memory: IncidentService, problems: Sequence[str]
) -> tuple[ComponentStatus, Mapping[str, int], ReindexProgress | None]:
    try:
        counts, standing = memory.store.counts(), memory.reindex.standing()
    except OnRecallError as error:
        return ComponentStatus(name="store", state="down", detail=str(error), ready=False), {}, None
    if problems:
        return (
            ComponentStatus(name="store", state="degraded", detail="; ".join(problems), ready=False),
            counts,
            standing,
        )
    detail = f"{memory.store.dialect}: {counts['incidents']} incidents, {counts['documents']} documents"
    return ComponentStatus(name="store", state="ok", detail=detail), counts, standing


def _queue(watch: StoreWatch) -> ComponentStatus | None:
    """What waits and is not worked on; None where all is as it should be."""
    try:
        stuck = watch.stuck()
    except OnRecallError as error:
        stuck = str(error)
    return ComponentStatus(name="queue", state="degraded", detail=stuck, ready=False) if stuck else None


def _meaning(model: ComponentStatus, standing: ReindexProgress) -> ComponentStatus:
    """The sentence model, and whether what is stored can be compared with it."""
    if not standing.models or (standing.make.model is None and not any(standing.models)):
        return model
    said = [
        f"{number:,} of {standing.passages:,} passages carry {f'vectors of {name}' if name else 'no vector'}"
        for name, number in standing.models.most_common()
    ]
    if standing.make.model is None:
        return ComponentStatus(name=model.name, state="degraded", detail=f"{model.detail}; {', '.join(said)}")
    detail = f"{', '.join(said)}, so they are recalled by words alone; {_mend(standing)}"
    return ComponentStatus(name=model.name, state="degraded", detail=f"{model.detail}; {detail}")


def _words(standing: ReindexProgress) -> ComponentStatus:
    """Whether the terms that are stored are those that questions are asked in."""
    version = standing.make.terms_version
    if not standing.terms_versions:
        return ComponentStatus(name="words", state="ok", detail=f"terms of version {version}")
    said = [
        f"{number:,} of {standing.passages:,} passages carry terms of {f'version {other}' if other else 'no version'}"
        for other, number in standing.terms_versions.most_common()
    ]
    detail = f"{', '.join(said)}, questions those of version {version}, so some words are missed; {_mend(standing)}"
    return ComponentStatus(name="words", state="degraded", detail=detail)


def _mend(standing: ReindexProgress) -> str:
    return f"run `onrecall reindex` to have them of {standing.make.model or 'today'}"
