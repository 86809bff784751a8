"""Reads for retrieval: features of hundreds of passages, the text of a few.

Questions wait for these statements, so they are written as SQL, bind lists as one value, and read only the columns
needed.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, TextClause, bindparam, text

from onrecall.storage.columns import Utc
from onrecall.storage.database import BACKENDS
from onrecall.storage.results import Owner, PassageFeatures, PassageText


def passage_features(
    connection: Connection, numbers: Sequence[int], as_of: datetime | None = None
) -> dict[Owner, list[PassageFeatures]]:
    """Return the features of all passages of these passages' owners, as known at `as_of`, in order."""
    features_by_owner: dict[Owner, list[PassageFeatures]] = {}
    kind = BACKENDS[connection.dialect.name]
    values: dict[str, object] = {"numbers": kind.bind_list(numbers)}
    if as_of is not None:
        values["as_of"] = as_of
    rows = connection.execute(_select_features(connection.dialect.name, dated=as_of is not None), values).all()
    for number, evidence_kind, owner, terms, vector, model in rows:
        features_by_owner.setdefault((evidence_kind, owner), []).append(PassageFeatures(number, terms, vector, model))
    return features_by_owner


def passage_texts(connection: Connection, numbers: Sequence[int]) -> dict[int, PassageText]:
    """Return texts of passages by number; removed ones are absent."""
    kind = BACKENDS[connection.dialect.name]
    rows = connection.execute(_select_texts(connection.dialect.name), {"numbers": kind.bind_list(numbers)}).all()
    return {number: PassageText(*fields) for number, *fields in rows}


@cache
def _select_features(dialect: str, *, dated: bool) -> TextClause:
    in_numbers = BACKENDS[dialect].in_numbers
    statement = text(
        f"with whose as (select distinct kind, owner from passages where {in_numbers('id')})"  # noqa: S608
        " select p.id, p.kind, p.owner, p.terms, p.vector, p.model"
        " from whose join passages p on p.owner = whose.owner and p.kind = whose.kind"
        f"{' where p.known_from is null or p.known_from <= :as_of' if dated else ''} order by p.id"
    )
    return statement.bindparams(bindparam("as_of", type_=Utc())) if dated else statement


@cache
def _select_texts(dialect: str) -> TextClause:
    return text(f"select id, text, line, heading from passages where {BACKENDS[dialect].in_numbers('id')}")  # noqa: S608
