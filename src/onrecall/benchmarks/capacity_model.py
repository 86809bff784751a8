"""From measurements to a model: what each quantity is at any size, and what machines a workload needs."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from onrecall.benchmarks.capacity import CapacityMeasurement
from onrecall.benchmarks.capacity_fit import Extrapolation, Fit, fit
from onrecall.benchmarks.capacity_stores import StoreKind

GIB = 2**30
SHARD_BYTES = 30 * GIB
"""Size of a shard; OpenSearch's own advice is 10 to 50 GiB."""
BUSY = 0.6
"""Share of their processors that machines use on average, so that peaks find room."""
PROCESSES = 4
"""Processes of OnRecall that hold a sentence model: two servers and two workers."""
DISK_ROOM = 1.5
"""Room for logs, merges and growth."""
SECONDS_A_YEAR = 365 * 86_400
NODE_CORES = 8
"""Processors of a search node or a read replica."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something that is measured at each size and fitted."""

    title: str
    unit: str
    values: Callable[[CapacityMeasurement], Sequence[float]]


QUANTITIES: Mapping[str, Quantity] = {
    "disk": Quantity("disk of all passages", "bytes", lambda m: [m.disk_bytes]),
    "memory": Quantity("memory of a process that answers", "bytes", lambda m: [m.memory_bytes]),
    "server_memory": Quantity("memory of the store's servers", "bytes", lambda m: [m.server_memory_bytes]),
    "build": Quantity("to store a passage among many", "ms", lambda m: [m.build_ms]),
    "single": Quantity("to store a passage by itself", "ms", lambda m: [m.single_ms]),
    "question": Quantity("to answer a question", "ms", lambda m: m.question_ms),
    "question_server": Quantity("of it in the store's servers", "ms", lambda m: m.question_server_ms),
    "alert": Quantity("to take in and group an alert", "ms", lambda m: [m.alert_ms]),
    "alert_disk": Quantity("disk of an alert", "bytes", lambda m: [m.alert_bytes]),
    "incident": Quantity("to open and answer an incident", "ms", lambda m: [m.incident_ms]),
    "incident_disk": Quantity("disk of an incident with its answer", "bytes", lambda m: [m.incident_bytes]),
}


@dataclass(frozen=True, slots=True)
class Check:
    """What the model says of a size that was not used in the fit, and what was measured there."""

    predicted: Extrapolation
    measured: float

    @property
    def error(self) -> float:
        """Return how far off the prediction is, relative to what was measured."""
        return self.predicted.value / self.measured - 1


@dataclass(frozen=True, slots=True)
class StoreModel:
    """All fitted quantities of one kind of store, without those that are zero, such as of servers that do not exist."""

    store: StoreKind
    unseen: int
    """The size that was left out of the fit, and is predicted."""
    fits: Mapping[str, Fit]
    checks: Mapping[str, Check]

    def at(self, quantity: str, passages: float) -> float:
        """Return the predicted value; 0 for a quantity that is absent."""
        return self.fits[quantity].at(passages).value if quantity in self.fits else 0.0


@dataclass(frozen=True, slots=True)
class Workload:
    """What an organisation sends in on average."""

    name: str
    passages: int
    alerts: float
    """A second."""
    incidents: float
    """A second: opened and answered."""
    questions: float
    """A second."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Dollars a month, assumed: put in your own."""

    core: float = 25.0
    memory_gib: float = 3.0
    disk_gib: float = 0.1


@dataclass(frozen=True, slots=True)
class MachineNeed:
    """What a workload needs with one kind of store."""

    cores: float
    memory_gib: float
    disk_gib: float
    """After a year of alerts and incidents, all copies."""
    shards: int
    """Of the index in OpenSearch; 1 elsewhere."""
    copies: int
    """Of the database or index that answers questions: one, and its replicas."""
    writer_share: float
    """Share of one processor that writing takes. A store takes one write at a time, so at 1 it is full."""
    dollars: float
    """A month."""


WORKLOADS = (
    Workload("a team", 100_000, 0.5, 0.005, 0.2),
    Workload("a company", 1_000_000, 20, 0.1, 5),
    Workload("a large company", 10_000_000, 200, 1, 50),
    Workload("internet scale", 100_000_000, 5_000, 20, 500),
)


def model_of(store: StoreKind, measured: Sequence[CapacityMeasurement]) -> StoreModel:
    """Fit the measurements of one store at all sizes but the largest, and check the fit there."""
    fits, checks = {}, {}
    largest = max(measured, key=lambda each: each.passages)
    for name, quantity in QUANTITIES.items():
        points = [(each.passages, value) for each in measured for value in quantity.values(each)]
        if not points or not all(value > 0 for _, value in points):
            continue
        fits[name] = fit([(size, value) for size, value in points if size < largest.passages])
        checks[name] = _check(fits[name], largest, quantity)
    return StoreModel(store, largest.passages, fits, checks)


def _check(fitted: Fit, measurement: CapacityMeasurement, quantity: Quantity) -> Check:
    values = quantity.values(measurement)
    return Check(fitted.at(measurement.passages), sum(values) / len(values))


def need_of(model: StoreModel, database: StoreModel, load: Workload, prices: Prices) -> MachineNeed:
    """Return what a workload needs; `database` is the model of the database beside an index in OpenSearch."""
    n = load.passages
    writing = load.alerts * model.at("alert", n) + load.incidents * model.at("incident", n)
    asking = load.questions * model.at("question", n)
    cores = (writing + asking) / 1000 / BUSY
    index = model.at("disk", n)
    server_cores = load.questions * model.at("question_server", n) / 1000 / BUSY
    copies = 1 if model.store == "local" else max(2, math.ceil(server_cores / NODE_CORES))
    yearly = SECONDS_A_YEAR * (
        load.alerts * database.at("alert_disk", n) + load.incidents * database.at("incident_disk", n)
    )
    disk = (index * copies + yearly * min(copies, 2)) * DISK_ROOM
    if database is not model:
        disk += database.at("disk", n) * 2 * DISK_ROOM
    processes = max(PROCESSES, math.ceil(cores))
    memory = processes * model.at("memory", n) + (index * copies if model.store != "local" else 0)
    return MachineNeed(
        cores=cores,
        memory_gib=memory / GIB,
        disk_gib=disk / GIB,
        shards=math.ceil(index / SHARD_BYTES) if model.store == "opensearch" else 1,
        copies=copies,
        writer_share=writing / 1000,
        dollars=cores * prices.core + memory / GIB * prices.memory_gib + disk / GIB * prices.disk_gib,
    )
