"""The index in an OpenSearch cluster. While the cluster is away, words in the database stand in, and it says so."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from opensearchpy.exceptions import NotFoundError, OpenSearchException, TransportError

from onrecall.domain.errors import Unavailable
from onrecall.retrieval.index import ChangeLog, Index, Vector, VisibilityFilter
from onrecall.retrieval.opensearch.connection import ClusterAddress, connect, failure_reason
from onrecall.retrieval.opensearch.generations import IndexGenerations, IndexTarget
from onrecall.retrieval.opensearch.queries import meaning_query, words_queries
from onrecall.retrieval.segment import checksum

CHANGES_PER_READ = 2_000
MAX_CHANGES_WHILE_ASKED = 2_000
"""Changes that a question waits for; with more to do the index is filled in the background."""
RETRY_SECONDS = 5.0
"""After a failure nobody waits for the cluster again during this time."""
SAMPLE_SIZE = 64
STAND_IN = "so candidates come from words in the database alone"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IndexPosition:
    """The index that answers, and the change up to which a search sees it."""

    index: str
    position: int


@dataclass(frozen=True, slots=True)
class Outage:
    """Why the cluster is away, and when it is tried again, by the clock."""

    reason: str
    retry_at: float


@dataclass(frozen=True, slots=True)
class SearchIndexState:
    """Whether the index answers, in a word and a sentence."""

    state: Literal["ok", "degraded"]
    detail: str


class _Question(threading.local):
    """What this thread's question ran into."""

    limitation: str | None = None


class OpenSearchIndex:
    """Follows the change log and proposes passages; safe for many threads and processes.

    Every process may bring the index up to date: each document's version is its change's place in the log, so that
    changes may come twice and in any order.
    """

    def __init__(
        self,
        changes: ChangeLog,
        address: ClusterAddress,
        target: IndexTarget,
        stand_in: Callable[[], Index],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`stand_in` makes the index that answers by words while the cluster is away."""
        self._changes, self._address, self._clock = changes, address, clock
        self._client = connect(address)
        self._generations = IndexGenerations(self._client, target)
        self._make_stand_in = stand_in
        self._stand_in: Index | None = None
        self._lock = threading.Lock()
        self._located: IndexPosition | None = None
        self._outage: Outage | None = None
        self._trusted = False
        self._question = _Question()
        self._filling: threading.Thread | None = None
        self._stop = threading.Event()

    @property
    def limitation(self) -> str | None:
        """Why this thread's last question was answered from less than the whole index; None: it was not."""
        return self._question.limitation

    @property
    def is_away(self) -> bool:
        """Whether the last call to the cluster failed."""
        return self._outage is not None

    def refresh(self) -> None:
        """Catch up with the change log, or say why it can't be done now."""
        self._question.limitation = self._prepare()
        if self._question.limitation:
            self._standing_in().refresh()

    def forget_removed(self) -> None:
        """Catch up; the cluster drops what was deleted when it merges its segments next."""
        self.refresh()

    def words(self, gains: Mapping[int, int], visible: VisibilityFilter, limit: int) -> list[int]:
        """Candidates by BM25 over the terms."""
        scores: Counter[int] = Counter()
        for body in words_queries(gains, visible, limit):
            hits = self._search(body)
            if hits is None:
                return self._standing_in().words(gains, visible, limit)
            scores.update(hits)
        return sorted(scores, key=lambda number: (-scores[number], number))[:limit]

    def meaning(self, vector: Vector, visible: VisibilityFilter, limit: int) -> list[int]:
        """Candidates by HNSW; none while the cluster is away."""
        return list(self._search(meaning_query(vector, visible, limit)) or ())

    def state(self) -> SearchIndexState:
        """Return whether the cluster answers and is up to date."""
        limitation = self._prepare()
        try:
            located = self._located
            if limitation is None and located is not None:
                return SearchIndexState("ok", self._describe(located))
        except OpenSearchException as error:
            limitation = self._go_away(error)
        return SearchIndexState("degraded", limitation or f"OpenSearch is located anew, {STAND_IN}")

    def catch_up(self, advance: Callable[[int], None] = lambda _: None) -> int:
        """Bring the index up to date however long it takes; returns its number of passages. Raises Unavailable.

        One that follows another database is made anew.
        """
        with self._as_unavailable():
            with self._lock:
                located, newest = self._locate(), self._changes.last_seq()
                if located.position <= newest:
                    located = self._fill(located, newest, advance)
                    if self._matches_database(located):
                        self._come_back(located)
                        return self._generations.count(located.index)
            return self._rebuild(advance)

    def rebuild(self, advance: Callable[[int], None] = lambda _: None) -> int:
        """Fill a new index and swap it in while the old one answers; returns its number of passages.

        What an interrupted run wrote is used by the next. Raises Unavailable.
        """
        with self._as_unavailable():
            return self._rebuild(advance)

    def _rebuild(self, advance: Callable[[int], None]) -> int:
        newest = self._changes.last_seq()
        index = self._generations.next_generation(newest)
        filled = self._fill(IndexPosition(index, self._generations.position(index)), newest, advance)
        if filled.position < newest:  # stopped; the next run goes on from here
            return 0
        self._generations.promote(index)
        with self._lock:
            # What an interrupted run had written may be of another database: the next question looks.
            self._located, self._outage, self._trusted = filled, None, False
        return self._generations.count(index)

    def backlog(self) -> int:
        """Return at most how many changes are still to be written. Raises Unavailable."""
        with self._as_unavailable():
            position = self._generations.position(self._generations.current())
        return max(self._changes.last_seq() - position, 0)

    def close(self) -> None:
        """Stop filling, and close the connections."""
        self._stop.set()
        if self._filling:
            self._filling.join()
        self._client.close()

    def _prepare(self) -> str | None:
        """Catch up as far as a question waits for; returns why the index can't be used now."""
        located, newest = self._located, self._changes.last_seq()
        if located and located.position == newest and self._trusted:
            return None
        with self._lock:  # other threads wait: they must see what was written before they asked
            if self._outage and self._clock() < self._outage.retry_at:
                return self._outage.reason
            try:
                return self._catch_up_while_asked()
            except OpenSearchException as error:
                return self._go_away(error)

    def _catch_up_while_asked(self) -> str | None:
        located = self._locate()
        newest = self._changes.last_seq()  # read after the position, which is never ahead of it
        if newest < located.position:
            return self._fill_in_background("the database was set back", rebuild=True)
        if newest - located.position > MAX_CHANGES_WHILE_ASKED:
            return self._fill_in_background(f"{newest - located.position:,} changes are still to be indexed")
        located = self._fill(located, newest)
        if not self._trusted and not self._matches_database(located):
            return self._fill_in_background("it is of another database", rebuild=True)
        self._come_back(located)
        return None

    def _locate(self) -> IndexPosition:
        index = self._generations.current()
        return IndexPosition(index, self._generations.position(index))

    def _fill(
        self, located: IndexPosition, newest: int, advance: Callable[[int], None] = lambda _: None
    ) -> IndexPosition:
        """Write what an index lacks up to the newest change, and make it visible."""
        index, position = located.index, located.position
        while position < newest and not self._stop.is_set():
            changes = self._changes.changes(position, CHANGES_PER_READ)
            position = changes[-1].seq if changes else newest
            self._generations.write(index, changes, position)
            advance(len(changes))
        self._generations.make_searchable(index)
        return IndexPosition(index, position)

    def _matches_database(self, located: IndexPosition) -> bool:
        """Return whether a sample of passages has the same checksums in the database."""
        checks = self._generations.sample_checks(located.index, SAMPLE_SIZE)
        stored = self._changes.get(list(checks))
        matches = all(number in stored and checksum(stored[number]) == check for number, check in checks.items())
        # What was written meanwhile may be why they differ; the next question looks again.
        return matches or self._changes.last_seq() != located.position

    def _fill_in_background(self, reason: str, *, rebuild: bool = False) -> str:
        """Begin to fill, unless somebody does already, and return what to say meanwhile."""
        if self._filling is None or not self._filling.is_alive():
            _log.warning("filling the index in OpenSearch: %s", reason)
            work = self._rebuild_in_background if rebuild else self._catch_up_in_background
            self._filling = threading.Thread(target=work, name="onrecall-opensearch", daemon=True)
            self._filling.start()
        return f"OpenSearch is being filled ({reason}), {STAND_IN}"

    def _catch_up_in_background(self) -> None:
        try:
            self._fill(self._locate(), self._changes.last_seq())
        except OpenSearchException as error:
            self._go_away(error)

    def _rebuild_in_background(self) -> None:
        try:
            self._rebuild(lambda _: None)
        except OpenSearchException as error:
            self._go_away(error)

    def _search(self, body: dict[str, Any]) -> dict[int, float] | None:
        """Return the passages that OpenSearch proposes, with scores, best first; None: it can't answer this one."""
        if self.limitation:
            return None
        try:
            return self._ask(body)
        except OpenSearchException as error:
            # Another process may have swapped a new index in and deleted this one, even while it was searched.
            if isinstance(error, TransportError) and error.status_code in (404, 503):
                return self._ask_anew(body)
            self._give_up(error)
            return None

    def _ask_anew(self, body: dict[str, Any]) -> dict[int, float] | None:
        self._located = None
        self.refresh()
        try:
            return None if self.limitation else self._ask(body)
        except OpenSearchException as error:
            self._give_up(error)
            return None

    def _give_up(self, error: OpenSearchException) -> None:
        """Let words in the database answer this thread's question."""
        self._question.limitation = self._go_away(error)
        self._standing_in().refresh()

    def _ask(self, body: dict[str, Any]) -> dict[int, float]:
        located = self._located
        if located is None:
            raise NotFoundError(404, "index_not_found_exception", {})
        response = self._client.search(index=located.index, body=body, params={"request_cache": "false"})
        return {int(hit["sort"][1]): float(hit["sort"][0]) for hit in response["hits"]["hits"]}

    @contextmanager
    def _as_unavailable(self) -> Iterator[None]:
        try:
            yield
        except OpenSearchException as error:
            raise Unavailable(f"OpenSearch at {self._address} can't be used: {failure_reason(error)}") from error

    def _describe(self, located: IndexPosition) -> str:
        version = self._client.info()["version"]["number"]
        health = self._client.cluster.health()
        nodes, count = health["number_of_nodes"], self._generations.count(located.index)
        passages = f"{count:,} passage{'' if count == 1 else 's'}"
        return f"OpenSearch {version} at {self._address}, {nodes} node{'' if nodes == 1 else 's'}: {passages}"

    def _standing_in(self) -> Index:
        with self._lock:
            if self._stand_in is None:
                self._stand_in = self._make_stand_in()
            return self._stand_in

    def _go_away(self, error: OpenSearchException) -> str:
        """Note an outage and return what to say about it."""
        reason = f"OpenSearch at {self._address} can't be used ({failure_reason(error)}), {STAND_IN}"
        if self._outage is None or self._outage.reason != reason:
            _log.warning("%s; nothing is lost, it catches up when it is back", reason)
        self._outage, self._located = Outage(reason, self._clock() + RETRY_SECONDS), None
        return reason

    def _come_back(self, located: IndexPosition) -> None:
        if self._outage:
            _log.warning("OpenSearch at %s is back and up to date", self._address)
        self._located, self._outage, self._stand_in, self._trusted = located, None, None, True
