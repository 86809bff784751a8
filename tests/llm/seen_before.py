"""What the tests of models have in common: an outage that was seen before, and it happening again."""

from model_twin import Twin

from onrecall.domain.incident import Incident, Resolution, ResolutionStep
from onrecall.pipeline import IncidentService
from onrecall.recommendation.llm.providers import RemoteModel

POOL = "Connection pool of auth-service exhausted by a leak in the session cache"
DESCRIPTION = (
    "auth-service returns 503, users can not log in, connection pool exhausted, FATAL too many clients already"
)


def remote(twin: Twin, name: str) -> RemoteModel:
    """`gpt-4o-mini=good` has OpenAI's price and behaves well; without a `=` nobody knows the price."""
    model, _, behaviour = name.partition("=")
    if not behaviour:
        return RemoteModel("openai-compatible", model, None, twin.url)
    twin.behaviours[model] = behaviour
    provider = "groq" if model.startswith("llama") else "openai"
    base = twin.url.removesuffix("/v1") if provider == "groq" else twin.url
    return RemoteModel(provider, model, "key-of-the-test", base)


def remember(memory: IncidentService, clock) -> None:
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
    certificate_steps = (ResolutionStep("Look at the certificate", "openssl x509 -in cert.pem -noout -enddate"),)
    learn(
        memory,
        clock,
        "INC-2",
        "payments TLS handshake fails",
        "certificate expired",
        "The certificate expired",
        "expired-cert",
        certificate_steps,
    )


def learn(memory, clock, name, title, description, root_cause, cause, steps) -> None:
    memory.open(Incident(id=name, title=title, description=description, started_at=clock(), service=title.split()[0]))
    memory.resolve(name, Resolution(root_cause, clock(), cause, steps))
    clock.forward(days=1)


def broken_again(memory: IncidentService, clock, name: str = "INC-9", **more) -> Incident:
    fields = {
        "title": "auth-service 503 again, pool exhausted",
        "description": DESCRIPTION,
        "service": "auth-service",
    } | more
    incident, _ = memory.open(Incident(id=name, started_at=clock(), **fields))
    return incident
