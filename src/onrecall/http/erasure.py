"""Erasing a person or an incident, for admins."""

from fastapi import APIRouter

from onrecall.domain.erasure import PersonPattern
from onrecall.http.dependencies import TheCaller, TheMemory
from onrecall.http.keys import TheKeys
from onrecall.http.problems import responses
from onrecall.schemas.erasure import ErasureOut, PersonErasureIn

router = APIRouter(prefix="/api/v1", tags=["system"])


@router.post("/erasures/person", responses=responses(409, 422))
def erase_person(request: PersonErasureIn, memory: TheMemory, caller: TheCaller, keys: TheKeys) -> ErasureOut:
    """Put a pseudonym in place of a person's names everywhere, and revoke their keys. A repetition changes nothing.

    Refused where it would revoke the last admin key.
    """
    keys.require_admin_besides(PersonPattern(tuple(request.names), "").is_person)
    return ErasureOut.of(memory.erasure.erase_person(request.names, caller.attribution()))


@router.post("/erasures/incidents/{incident_id}", responses=responses(404, 409))
def erase_incident(incident_id: str, memory: TheMemory, caller: TheCaller) -> ErasureOut:
    """Delete an incident with all that belongs to it, also where others repeat it. A repetition changes nothing."""
    return ErasureOut.of(memory.erasure.erase_incident(incident_id, caller.attribution()))
