"""The status of the replica that answers questions."""

from collections.abc import Callable

from onrecall.bootstrap.status import ComponentStatus
from onrecall.storage.read_replica import ReadReplica


def replica_checks(replica: ReadReplica | None) -> list[Callable[[], ComponentStatus]]:
    """Return the status check of the replica, if one is configured."""
    return [lambda: replica_status(replica)] if replica else []


def replica_status(replica: ReadReplica) -> ComponentStatus:
    """Ask the replica. One that is away or behind degrades OnRecall and takes nothing from it."""
    problem = replica.check()
    if problem is not None:
        return ComponentStatus(name="replica", state="degraded", detail=f"the primary answers questions: {problem}")
    return ComponentStatus(name="replica", state="ok", detail=f"answers questions, {replica.lag_seconds:.1f} s behind")
