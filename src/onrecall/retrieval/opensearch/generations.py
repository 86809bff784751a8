"""The indexes behind a name: an alias points to the one that answers; the next one is filled beside it.

Each index knows how far it follows the change log: the version of its document `position` is that place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch, helpers
from opensearchpy.exceptions import ConflictError, NotFoundError, OpenSearchException, RequestError

from onrecall.retrieval.index import PassageChange
from onrecall.retrieval.opensearch.documents import bulk_actions, fingerprint, index_body

POSITION = "position"
BULK_SIZE = 500
WRITE_SECONDS = 60
"""Time limit of a call that writes; a question's own is much shorter."""
MAX_BULK_RETRIES = 3
ALREADY_NEWER, ALREADY_REMOVED = 409, 404
"""What OpenSearch answers to a change that it has already, or to the removal of what it never had."""


class WriteRefused(OpenSearchException):
    """OpenSearch refused to index a passage."""


@dataclass(frozen=True, slots=True)
class IndexTarget:
    """What an index is made for."""

    name: str
    """The beginning of the names of all indexes."""
    model: str | None
    dimensions: int
    shards: int = 1

    @property
    def alias(self) -> str:
        """The alias of the index that answers."""
        return f"{self.name}-{fingerprint(self.model, self.dimensions)}"

    def generation(self, number: int) -> str:
        """Return the name of an index."""
        return f"{self.alias}-{number:06d}"


class IndexGenerations:
    """Makes, fills and swaps indexes; every call may be made twice, and by several processes at once."""

    def __init__(self, client: OpenSearch, target: IndexTarget) -> None:
        self._client, self._target = client, target

    def current(self) -> str:
        """Return the index that answers; an empty one is made where there is none."""
        try:
            return self._answering()
        except NotFoundError:
            self._make_answering()
        return self._answering()

    def next_generation(self, newest: int) -> str:
        """Return an index beside the current one to be filled; one that was begun is resumed if it can be used."""
        current = self.current()
        numbers = sorted(self._numbers())
        last = self._target.generation(numbers[-1])
        if last != current:
            if self.position(last) <= newest:
                return last
            self._delete(last)
        index = self._target.generation(numbers[-1] + 1)
        self._create(index, answers=False)
        return index

    def promote(self, index: str) -> None:
        """Let an index answer in place of all others, at one moment, and delete those."""
        alias = self._target.alias
        swap: list[dict[str, Any]] = [
            {"remove": {"index": f"{alias}-*", "alias": alias}},
            {"add": {"index": index, "alias": alias}},
        ]
        self._client.indices.update_aliases(body={"actions": swap}, params={"request_timeout": WRITE_SECONDS})
        for number in self._numbers():
            if self._target.generation(number) < index:
                self._delete(self._target.generation(number))

    def position(self, index: str) -> int:
        """Return the place in the change log up to which an index is filled."""
        try:
            stored = self._client.get(index=index, id=POSITION, params={"_source": "false"})
        except NotFoundError as error:
            if isinstance(error.info, dict) and error.info.get("found") is False:
                return 0
            raise
        return int(stored["_version"])

    def write(self, index: str, changes: Sequence[PassageChange], position: int) -> None:
        """Write changes, then the place up to which the index is filled. Raises WriteRefused."""
        target = self._target
        results = helpers.streaming_bulk(
            self._client,
            bulk_actions(changes, target.model, target.dimensions),
            chunk_size=BULK_SIZE,
            max_retries=MAX_BULK_RETRIES,
            initial_backoff=1,
            raise_on_error=False,
            index=_write_alias(index),
            require_alias=True,
            request_timeout=WRITE_SECONDS,
        )
        for _, item in results:
            _check_written(*item.values())
        self._set_position(index, position)

    def make_searchable(self, index: str) -> None:
        """Make everything that was written visible to searches."""
        self._client.indices.refresh(index=index, params={"request_timeout": WRITE_SECONDS})

    def sample_checks(self, index: str, size: int) -> Mapping[int, int]:
        """Return some passages' numbers with their checksums, chosen by chance."""
        chosen = {"query": {"exists": {"field": "number"}}, "random_score": {}}
        body = {
            "size": size,
            "_source": False,
            "query": {"function_score": chosen},
            "docvalue_fields": ["number", "check"],
        }
        hits = self._client.search(index=index, body=body)["hits"]["hits"]
        return {int(hit["fields"]["number"][0]): int(hit["fields"]["check"][0]) for hit in hits}

    def count(self, index: str) -> int:
        """Return the number of passages in an index."""
        return int(self._client.count(index=index, body={"query": {"exists": {"field": "number"}}})["count"])

    def _make_answering(self) -> None:
        if numbers := self._numbers():  # somebody removed the alias
            self._client.indices.put_alias(index=self._target.generation(min(numbers)), name=self._target.alias)
        else:
            self._create(self._target.generation(1), answers=True)

    def _answering(self) -> str:
        names: Mapping[str, Any] = self._client.indices.get_alias(name=self._target.alias)
        return max(names)

    def _set_position(self, index: str, position: int) -> None:
        try:
            self._client.index(
                index=_write_alias(index),
                id=POSITION,
                body={},
                params={
                    "version": position,
                    "version_type": "external_gte",
                    "require_alias": "true",
                    "request_timeout": WRITE_SECONDS,
                },
            )
        except ConflictError:
            return  # another process is further already

    def _create(self, index: str, *, answers: bool) -> None:
        body = index_body(self._target.dimensions, self._target.shards)
        body["aliases"] = {_write_alias(index): {}} | ({self._target.alias: {}} if answers else {})
        try:
            self._client.indices.create(index=index, body=body, params={"request_timeout": WRITE_SECONDS})
        except RequestError as error:
            if error.error != "resource_already_exists_exception":
                raise

    def _delete(self, index: str) -> None:
        self._client.indices.delete(
            index=index, params={"ignore_unavailable": "true", "request_timeout": WRITE_SECONDS}
        )

    def _numbers(self) -> list[int]:
        """Return the numbers of all indexes that exist."""
        prefix = f"{self._target.alias}-"
        names = self._client.indices.get_alias(index=f"{prefix}*")
        return [int(name.removeprefix(prefix)) for name in names if name.removeprefix(prefix).isdecimal()]


def _write_alias(index: str) -> str:
    """Return the alias to write by: a write to an index that is no more then fails instead of making a new one."""
    return f"{index}-write"


def _check_written(result: Mapping[str, Any]) -> None:
    error, status = result.get("error"), result.get("status")
    if status == ALREADY_NEWER or (status == ALREADY_REMOVED and error is None) or error is None:
        return
    if isinstance(error, dict) and error.get("type") in ("index_not_found_exception", "alias_not_found_exception"):
        raise NotFoundError(status, error.get("type"), {"error": error})
    reason = error.get("reason") if isinstance(error, dict) else error
    raise WriteRefused(f"passage {result.get('_id')} was refused: {reason}")
