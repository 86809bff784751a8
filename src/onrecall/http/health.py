"""Whether it lives, whether it is ready, and how its parts are."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from onrecall.bootstrap.status import StatusReport
from onrecall.http import thread_pools

router = APIRouter(tags=["system"])


class Health(BaseModel):
    """A one-word status for a probe."""

    status: str


@router.get("/healthz")
async def alive() -> Health:
    """Confirm that the process answers."""
    return Health(status="ok")


@router.get("/readyz", responses={503: {"model": Health}})
async def ready(request: Request, response: Response) -> Health:
    """Confirm that the store can be read and written, and that the worker runs."""
    now = await thread_pools.run(thread_pools.HEALTH, request.app.state.status)
    if not now.ready:
        response.status_code = 503
    return Health(status=now.state)


@router.get("/api/v1/status")
def status(request: Request) -> StatusReport:
    """Return the parts of OnRecall and their state."""
    report: StatusReport = request.app.state.status()
    return report
