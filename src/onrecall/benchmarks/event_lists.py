"""Long machine text as people paste it: a few telling lines among the events that every cluster writes."""

import hashlib
import random
from collections.abc import Sequence

ORDINARY_EVENTS = (
    "Normal   Scheduled         pod/{pod}   Successfully assigned {space}/{pod} to {node}",
    'Normal   Pulling           pod/{pod}   Pulling image "registry.local/{space}/{app}:{version}"',
    "Normal   Pulled            pod/{pod}   Container image already present on machine",
    "Normal   Created           pod/{pod}   Created container {app}",
    "Normal   Started           pod/{pod}   Started container {app}",
    "Normal   Killing           pod/{pod}   Stopping container {app}",
    "Normal   SuccessfulCreate  replicaset/{app}-{hash}   Created pod: {pod}",
    "Normal   SuccessfulDelete  replicaset/{app}-{hash}   Deleted pod: {pod}",
    "Normal   ScalingReplicaSet deployment/{app}   Scaled up replica set {app}-{hash} to {count}",
    "Warning  Unhealthy         pod/{pod}   Readiness probe failed: HTTP probe failed with statuscode: 503",
    "Warning  BackOff           pod/{pod}   Back-off restarting failed container",
    "Normal   LeaderElection    lease/{app}   {pod} became leader",
    "Normal   Completed         job/{app}   Job completed",
    "Normal   RegisteredNode    node/{node}   Node {node} event: Registered Node {node} in Controller",
    "Normal   NodeReady         node/{node}   Node {node} status is now: NodeReady",
    "Normal   SawCompletedJob   cronjob/{app}   Saw completed job: {app}-{hash}, status: Complete",
)
"""The form of events as `kubectl get events` prints them."""
APPS = ("cart", "ledger", "mailer", "search", "gateway", "quota", "media", "session", "audit", "pricing")
EVENTS = 60
"""Ordinary events in a list."""


def event_list(headline: str, telling: Sequence[str]) -> str:
    """The headline, then a list in which the telling lines stand at chance places; the same every time."""
    draws = random.Random(hashlib.sha256(headline.encode("utf-8", "surrogatepass")).digest())  # noqa: S311 (no secret)
    lines = [_ordinary(draws) for _ in range(EVENTS)]
    for line in telling:
        place = draws.randrange(len(lines))
        lines.insert(place, f"{draws.randrange(59) + 1}m   Warning  Reported          node/{_node(draws)}   {line}")
    return "\n".join([headline, "Events:", *lines])


def _ordinary(draws: random.Random) -> str:
    app, digest = draws.choice(APPS), f"{draws.getrandbits(36):09x}"
    values = {
        "app": app,
        "hash": digest,
        "pod": f"{app}-{digest}-{draws.getrandbits(20):05x}",
        "space": draws.choice(("prod", "staging", "shop")),
        "node": _node(draws),
        "version": f"{draws.randrange(9)}.{draws.randrange(20)}.{draws.randrange(9)}",
        "count": draws.randrange(2, 9),
    }
    return f"{draws.randrange(59) + 1}m   {draws.choice(ORDINARY_EVENTS).format(**values)}"


def _node(draws: random.Random) -> str:
    return f"node-{draws.randrange(40)}"
