"""A made-up history of any size, each incident from its number alone: so it streams, and is the same in every process.

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
from onrecall.domain.incident import Document, Incident, Resolution, ResolutionStep

SEED = 20_240_501
GROUP = 5
"""Every fifth thing is a runbook of one passage; the others are resolved incidents of two."""
TENANTS = 50_000
START = datetime(2022, 1, 1, tzinfo=UTC)
MINUTES = 3 * 365 * 24 * 60

Thing = Incident | Document


@dataclass(frozen=True, slots=True)
class OutageFacts:
    """What happened, before it is told in anybody's words."""

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
    """A situation that a known incident was like, told in other words and with other hosts."""

    text: str
    right: str
    service: str
    as_of: datetime


def things(passages: int) -> Iterator[Thing]:
    """Incidents and runbooks of at least so many passages in all."""
    held = 0
    for number in itertools.count():
        if held >= passages:
            return
        held += 1 if number % GROUP == GROUP - 1 else 2
        yield thing(number)


def facts(number: int) -> OutageFacts:
    """What happened in one of them."""
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


def thing(number: int) -> Thing:
    """One of them, as it was written down."""
    told, dice = facts(number), random.Random(number)  # noqa: S311 - likewise
    return _runbook(told) if number % GROUP == GROUP - 1 else _incident(told, dice)


def questions(count: int, passages: int) -> tuple[SyntheticQuestion, ...]:
    """Situations whose right answers are spread over a history of so many passages."""
    numbers = [number for number in range(passages * GROUP // (2 * GROUP - 1)) if number % GROUP != GROUP - 1]
    return tuple(_question(number) for number in sorted(random.Random(SEED).sample(numbers, count)))  # noqa: S311


def name(number: int) -> str:
    """The id of an incident or a runbook."""
    return f"{'RB' if number % GROUP == GROUP - 1 else 'INC'}-{number}"


def number_of(given: str) -> int:
    """The number in an id."""
    return int(given.rpartition("-")[2])


def _incident(told: OutageFacts, dice: random.Random) -> Incident:
    resolved = told.at + timedelta(minutes=dice.randint(10, 600))
    said = [
        f"{dice.choice(FILLERS)}: {told.fault.told}.",
        f"{told.service} in {dice.choice(ZONES)} calls {told.upstream} at {told.endpoint}, which answers {told.code}.",
        _log_line(told, dice),
        f"Tenant {told.tenant} was hit hardest. {dice.choice(FILLERS)}.",
    ]
    cause, fix = told.cause
    return Incident(
        id=name(told.number),
        title=f"{told.fault.alert}: {told.fault.title} {told.service}",
        started_at=told.at,
        description="\n".join(said),
        service=told.service,
        severity=dice.choice(("critical", "high", "medium", "low")),
        labels={"alertname": told.fault.alert, "zone": dice.choice(ZONES)},
        status="resolved",
        resolved_at=resolved,
        source="made-up",
        source_id=str(told.number),
        resolution=Resolution(
            root_cause=f"In {told.service}, {cause}; {told.exception} was thrown for {told.endpoint}.",
            at=resolved,
            steps=(
                ResolutionStep(f"Looked at {told.setting} and at the logs of {told.upstream}"),
                ResolutionStep(f"The team {fix}", f"kubectl rollout restart deployment/{told.service}"),
            ),
            summary=f"{told.tenant} and others were back after {told.setting} was checked. {dice.choice(FILLERS)}.",
            provenance="imported",
        ),
    )


def _log_line(told: OutageFacts, dice: random.Random) -> str:
    when = f"{told.at:%Y-%m-%d %H:%M:%S},{dice.randrange(1000):03}"
    what = f"com.example.{told.exception}: {told.code} after {dice.randint(100, 30_000)} ms"
    return f"{when} ERROR [{_host(told.service, dice)}] {what} trace={dice.randbytes(8).hex()}"


def _runbook(told: OutageFacts) -> Document:
    cause, fix = told.cause
    title = f"{told.fault.alert} on {told.service}"
    text = (
        f"# {title}\n\nFires when {told.fault.told}.\nOften {cause}: see {told.setting}.\n"
        f"1. Call {told.endpoint} and look for {told.code} or {told.exception}.\n"
        f"2. Ask the owners of {told.upstream}.\n3. Last time the team {fix}."
    )
    return Document(name(told.number), title, text, service=told.service, dated=told.at)


def _question(number: int) -> SyntheticQuestion:
    """What is known at first: some of the facts, in words of one's own."""
    told, dice = facts(number), random.Random(-number - 1)  # noqa: S311 - likewise
    where = told.service if dice.random() < 0.5 else "one of our services"
    clues = [
        f"Logs show {told.exception} since {dice.randint(1, 12)} o'clock.",
        f"Calls to {told.upstream} come back with {told.code}.",
        f"Seen on {told.endpoint}.",
        f"{told.tenant} complains.",
    ]
    text = " ".join([f"{told.fault.asked} {where}.", *dice.sample(clues, 2), dice.choice(FILLERS) + "."])
    return SyntheticQuestion(text, name(number), told.service, told.at + timedelta(days=1))


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
    left = rank
    while left or not syllables:
        left, at = divmod(left, len(SYLLABLES))
        syllables.append(SYLLABLES[at])
    return "".join(syllables) + "corp"


def _host(service: str, dice: random.Random) -> str:
    return f"{service}-{dice.randrange(16**6):06x}-{dice.randrange(36**3):04x}"
