"""A memory with two kinds of outages in it, a clock that is moved by hand, and models that are a local server."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from twin import Twin, serving

from onrecall.incident import Incident, Resolution, ResolutionStep
from onrecall.line import Memory, Parts
from onrecall.line.refine import Models
from onrecall.recall import Recall
from onrecall.recall.local import LocalIndex
from onrecall.recommendation.llm.remote import RemoteModel
from onrecall.store import Limits

POOL = "Connection pool of auth-service exhausted by a leak in the session cache"
DESCRIPTION = (
    "auth-service returns 503, users can not log in, connection pool exhausted, FATAL too many clients already"
)


@dataclass
class Clock:
    at: datetime = datetime(2026, 6, 1, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> datetime:
        self.at += timedelta(**by)
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def twin_server() -> Iterator[Twin]:
    with serving() as opened:
        yield opened


@pytest.fixture
def twin(twin_server: Twin) -> Twin:
    twin_server.requests.clear()
    twin_server.headers.clear()
    twin_server.behaviours.clear()
    twin_server.spoil = None
    return twin_server


Opened = Callable[..., Memory]


@pytest.fixture
def house_with(store, clock, twin) -> Opened:
    """A memory whose draft and strong models are the twin's, each behaving as it is called."""

    def opened(draft: str | None = None, strong: str | None = None, **more) -> Memory:
        asked = tuple(
            (role, remote(twin, name)) for role, name in (("draft", draft), ("strong", strong)) if name is not None
        )
        limits = Limits(more.pop("calls_per_minute", 1000), more.pop("budget", None))
        models = Models(asked, limits, more.pop("deadline", 8.0))
        memory = Memory(Parts(store, Recall(store, None, LocalIndex(store, None)), clock, models=models))
        if not store.incidents().items:
            remember(memory, clock)
        return memory

    return opened


def remote(twin: Twin, name: str) -> RemoteModel:
    """`gpt-4o-mini=good` has OpenAI's price and behaves well; without a `=` nobody knows the price."""
    model, _, behaviour = name.partition("=")
    if not behaviour:
        return RemoteModel("openai-compatible", model, None, twin.url)
    twin.behaviours[model] = behaviour
    provider = "groq" if model.startswith("llama") else "openai"
    base = twin.url.removesuffix("/v1") if provider == "groq" else twin.url
    return RemoteModel(provider, model, "key-of-the-test", base)


def remember(memory: Memory, clock: Clock) -> None:
    steps = (
        ResolutionStep("Check how many connections the pool holds", "kubectl logs deploy/auth-service -n auth"),
        ResolutionStep("Restart auth-service", "kubectl rollout restart deploy/<service> -n auth"),
        ResolutionStep("Scaled the database up", outcome="did_not_help"),
    )
    learn(
        memory,
        clock,
        "INC-1",
        "auth-service 503, pool exhausted",
        DESCRIPTION,
        POOL,
        "connection-pool-exhaustion",
        steps,
    )
    others = (ResolutionStep("Look at the certificate", "openssl x509 -in cert.pem -noout -enddate"),)
    learn(
        memory,
        clock,
        "INC-2",
        "payments TLS handshake fails",
        "certificate expired",
        "The certificate expired",
        "expired-cert",
        others,
    )


def learn(memory, clock, name, title, description, root_cause, cause, steps) -> None:
    memory.open(Incident(id=name, title=title, description=description, started_at=clock(), service=title.split()[0]))
    memory.resolve(name, Resolution(root_cause, clock(), cause, steps))
    clock.forward(days=1)


def broken_again(memory: Memory, clock: Clock, name: str = "INC-9", **more) -> Incident:
    given = {
        "title": "auth-service 503 again, pool exhausted",
        "description": DESCRIPTION,
        "service": "auth-service",
    } | more
    incident, _ = memory.open(Incident(id=name, started_at=clock(), **given))
    return incident
