"""Cause labels: families that are proposed, and what people decide of them."""

from fastapi import APIRouter

from onrecall.http.dependencies import TheCaller, TheMemory
from onrecall.http.problems import responses
from onrecall.pipeline import cause_families as families
from onrecall.schemas.causes import CausesOut, ChangedOut, ConfirmFamiliesIn, DismissIn

router = APIRouter(prefix="/api/v1", tags=["trust"])


@router.get("/causes", responses=responses(503))
def causes(memory: TheMemory) -> CausesOut:
    """Return families of root causes without a label, and past decisions; writes nothing."""
    return CausesOut.model_validate(families.overview(memory.store))


@router.post("/causes/confirm", responses=responses(404, 422, 503))
def confirm(memory: TheMemory, caller: TheCaller, body: ConfirmFamiliesIn) -> ChangedOut:
    """Give the members of proposed families their label."""
    choices = [families.Choice(family.id, family.label) for family in body.families]
    return ChangedOut(changed=families.confirm(memory.store, choices, memory.now(), caller.attribution(body.by)))


@router.post("/causes/dismiss", responses=responses(404, 422, 503))
def dismiss(memory: TheMemory, caller: TheCaller, body: DismissIn) -> ChangedOut:
    """Reject proposed families permanently."""
    return ChangedOut(changed=families.dismiss(memory.store, body.families, memory.now(), caller.attribution(body.by)))


@router.delete("/causes/{family_id}", responses=responses(404, 503))
def withdraw(memory: TheMemory, family_id: str) -> ChangedOut:
    """Withdraw a decision, and remove the labels it gave."""
    return ChangedOut(changed=families.withdraw(memory.store, family_id, memory.now()))
