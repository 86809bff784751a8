"""A synthetic history of any size; each incident depends only on its number, so it can be streamed and reproduced.

Services, tenants and exceptions follow Zipf's law, so there are words that everything has and words that hardly
anything has; codes, hosts, endpoints and settings stand in the text as they do in real reports.
"""

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from onrecall.benchmarks.vocabulary import (
    ENDS,
    FAULTS,
    FILLERS,
    FIRST,
    KEYS,
    PARTS,
    SECOND,
    SYLLABLES,
    VERBS,
    ZONES,
    OutageKind,
)
from onrecall.domain.document import Document
from onrecall.domain.incident import Incident, Resolution, ResolutionStep

SEED = 20_240_501
GROUP = 5
"""Every fifth record is a runbook with one passage; the others are resolved incidents with two."""
TENANTS = 50_000
START = datetime(2022, 1, 1, tzinfo=UTC)
MINUTES = 3 * 365 * 24 * 60

SyntheticRecord = Incident | Document


@dataclass(frozen=True, slots=True)
class OutageFacts:
    """The facts of an outage, before they are put into words."""

    number: int
    fault: OutageKind
    cause: tuple[str, str]
    service: str
    upstream: str
    code: str
    exception: str
    endpoint: str
    setting: str
    tenant: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SyntheticQuestion:
    """A situation similar to a known incident, in other words and with other hosts."""

    text: str
    right: str
    service: str
    as_of: datetime


def make_records(passages: int) -> Iterator[SyntheticRecord]:
    """Yield incidents and runbooks with at least `passages` passages in total."""
    passage_count = 0
    for number in itertools.count():
        if passage_count >= passages:
            return
        passage_count += 1 if number % GROUP == GROUP - 1 else 2
        yield make_record(number)


def outage_facts(number: int) -> OutageFacts:
    """Return the facts of one outage."""
    dice = random.Random(SEED * 1_000_003 + number)  # noqa: S311 - nothing here is secret
    fault = dice.choice(FAULTS)
    exception = f"{_pick(dice, PARTS)}{dice.choice(PARTS)}{dice.choice(ENDS)}"
    return OutageFacts(
        number=number,
        fault=fault,
        cause=dice.choice(fault.causes),
        service=_service(dice),
        upstream=_service(dice),
        code=dice.choice(fault.codes) if dice.random() < 0.7 else f"E{1000 + _rank(dice, 9000)}",
        exception=exception,
        endpoint=f"/v{dice.randint(1, 3)}/{_pick(dice, FIRST)}s/{dice.choice(VERBS)}",
        setting=f"{_pick(dice, FIRST)}.{dice.choice(PARTS).lower()}.{dice.choice(KEYS)}",
        tenant=_tenant(_rank(dice, TENANTS)),
        at=START + timedelta(minutes=dice.randrange(MINUTES)),
    )


def make_record(number: int) -> SyntheticRecord:
    """Return the record with this number."""
    outage, dice = outage_facts(number), random.Random(number)  # noqa: S311 - likewise
    return _runbook(outage) if number % GROUP == GROUP - 1 else _incident(outage, dice)


def make_questions(count: int, passages: int) -> tuple[SyntheticQuestion, ...]:
    """Return situations whose right answers are spread over a history of `passages` passages."""
    numbers = [number for number in range(passages * GROUP // (2 * GROUP - 1)) if number % GROUP != GROUP - 1]
    return tuple(_question(number) for number in sorted(random.Random(SEED).sample(numbers, count)))  # noqa: S311


def record_name(number: int) -> str:
    """Return the id of an incident or runbook."""
    return f"{'RB' if number % GROUP == GROUP - 1 else 'INC'}-{number}"


def record_number(record_id: str) -> int:
    """Return the number in an id."""
    return int(record_id.rpartition("-")[2])


def _incident(outage: OutageFacts, dice: random.Random) -> Incident:
    resolved = outage.at + timedelta(minutes=dice.randint(10, 600))
    sentences = [
        f"{dice.choice(FILLERS)}: {outage.fault.symptom}.",
        (
            f"{outage.service} in {dice.choice(ZONES)} calls {outage.upstream} at {outage.endpoint}, "
            f"which answers {outage.code}."
        ),
        _log_line(outage, dice),
        f"Tenant {outage.tenant} was hit hardest. {dice.choice(FILLERS)}.",
    ]
    cause, fix = outage.cause
    return Incident(
        id=record_name(outage.number),
        title=f"{outage.fault.alert}: {outage.fault.title} {outage.service}",
        started_at=outage.at,
        description="\n".join(sentences),
        service=outage.service,
        severity=dice.choice(("critical", "high", "medium", "low")),
        labels={"alertname": outage.fault.alert, "zone": dice.choice(ZONES)},
        status="resolved",
        resolved_at=resolved,
        source="made-up",
        source_id=str(outage.number),
        resolution=Resolution(
            root_cause=f"In {outage.service}, {cause}; {outage.exception} was thrown for {outage.endpoint}.",
            at=resolved,
            steps=(
                ResolutionStep(f"Looked at {outage.setting} and at the logs of {outage.upstream}"),
                ResolutionStep(f"The team {fix}", f"kubectl rollout restart deployment/{outage.service}"),
            ),
            summary=f"{outage.tenant} and others were back after {outage.setting} was checked. {dice.choice(FILLERS)}.",
            provenance="imported",
        ),
    )


def _log_line(outage: OutageFacts, dice: random.Random) -> str:
    when = f"{outage.at:%Y-%m-%d %H:%M:%S},{dice.randrange(1000):03}"
    message = f"com.example.{outage.exception}: {outage.code} after {dice.randint(100, 30_000)} ms"
    return f"{when} ERROR [{_host(outage.service, dice)}] {message} trace={dice.randbytes(8).hex()}"


def _runbook(outage: OutageFacts) -> Document:
    cause, fix = outage.cause
    title = f"{outage.fault.alert} on {outage.service}"
    text = (
        f"# {title}\n\nFires when {outage.fault.symptom}.\nOften {cause}: see {outage.setting}.\n"
        f"1. Call {outage.endpoint} and look for {outage.code} or {outage.exception}.\n"
        f"2. Ask the owners of {outage.upstream}.\n3. Last time the team {fix}."
    )
    return Document(record_name(outage.number), title, text, service=outage.service, dated=outage.at)


def _question(number: int) -> SyntheticQuestion:
    """Return what is known at first: some of the facts in other words."""
    outage, dice = outage_facts(number), random.Random(-number - 1)  # noqa: S311 - likewise
    where = outage.service if dice.random() < 0.5 else "one of our services"
    clues = [
        f"Logs show {outage.exception} since {dice.randint(1, 12)} o'clock.",
        f"Calls to {outage.upstream} come back with {outage.code}.",
        f"Seen on {outage.endpoint}.",
        f"{outage.tenant} complains.",
    ]
    text = " ".join([f"{outage.fault.question} {where}.", *dice.sample(clues, 2), dice.choice(FILLERS) + "."])
    return SyntheticQuestion(text, record_name(number), outage.service, outage.at + timedelta(days=1))


def _rank(dice: random.Random, most: int) -> int:
    """A rank from 0, nearly by Zipf's law: the second half as often as the first."""
    return min(int(math.exp(dice.random() * math.log(most + 1))) - 1, most - 1)


def _pick(dice: random.Random, among: Sequence[str]) -> str:
    return among[_rank(dice, len(among))]


def _service(dice: random.Random) -> str:
    first, second = divmod(_rank(dice, len(FIRST) * len(SECOND)) * 397 % (len(FIRST) * len(SECOND)), len(SECOND))
    return f"{FIRST[first]}-{SECOND[second]}"


@lru_cache(maxsize=TENANTS)
def _tenant(rank: int) -> str:
    """A pronounceable name, shorter for those that occur often."""
    syllables: list[str] = []
    remaining = rank
    while remaining or not syllables:
        remaining, at = divmod(remaining, len(SYLLABLES))
        syllables.append(SYLLABLES[at])
    return "".join(syllables) + "corp"


def _host(service: str, dice: random.Random) -> str:
    return f"{service}-{dice.randrange(16**6):06x}-{dice.randrange(36**3):04x}"
