"""Cause labels: families that are proposed, and what people decide of them."""

from fastapi import APIRouter

from onrecall.http.dependencies import TheMemory
from onrecall.http.problems import responses
from onrecall.pipeline import cause_families as families
from onrecall.schemas.causes import CausesOut, ChangedOut, ConfirmIn, DismissIn

router = APIRouter(prefix="/api/v1", tags=["trust"])


@router.get("/causes", responses=responses(503))
def causes(memory: TheMemory) -> CausesOut:
    """Return families of root causes that have no label yet, and what was decided; nothing is written."""
    return CausesOut.model_validate(families.overview(memory.store))


@router.post("/causes/confirm", responses=responses(404, 422, 503))
def confirm(memory: TheMemory, body: ConfirmIn) -> ChangedOut:
    """Give the members of proposed families their label."""
    choices = [families.Choice(family.id, family.label) for family in body.families]
    return ChangedOut(changed=families.confirm(memory.store, choices, memory.now(), body.by))


@router.post("/causes/dismiss", responses=responses(404, 422, 503))
def dismiss(memory: TheMemory, body: DismissIn) -> ChangedOut:
    """Note that proposed families are none; they are not proposed again."""
    return ChangedOut(changed=families.dismiss(memory.store, body.families, memory.now(), body.by))


@router.delete("/causes/{family_id}", responses=responses(404, 503))
def withdraw(memory: TheMemory, family_id: str) -> ChangedOut:
    """Take a decision back; those that got their label by it lose it."""
    return ChangedOut(changed=families.withdraw(memory.store, family_id))
