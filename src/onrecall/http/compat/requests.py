"""What clients of other systems send: nothing of it is dropped without being named in the answer."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

MOST_NAMED = 50
LONGEST_NAME = 100
Ignored = Annotated[
    list[str], Field(description="Names of the fields in the request that are not used. They are not stored.")
]


class CompatRequest(BaseModel):
    """A body of which every field is either read or named as ignored."""

    model_config = ConfigDict(extra="allow", str_strip_whitespace=True)

    def ignored(self, also: Iterable[str] = ()) -> list[str]:
        """Return the names of the fields that nothing here reads, sorted; `also` are names found deeper inside."""
        return clean_names([*(self.model_extra or {}), *also])


def ignored_parameters(request: Request, *expected: str) -> list[str]:
    """Return the names of the query parameters that a route does not read, sorted."""
    return clean_names(set(request.query_params) - set(expected))


def clean_names(fields: Iterable[str]) -> list[str]:
    """Return these names once each, sorted, each cut to a bearable length; of very many only the first."""
    return sorted({name[:LONGEST_NAME] for name in fields})[:MOST_NAMED]
