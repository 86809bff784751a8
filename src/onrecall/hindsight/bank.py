"""One bank of a Hindsight server, called from ordinary threads.

The client is asynchronous and belongs to the event loop that it first ran in, so a bank keeps one loop in a thread of
its own. Nothing is imported, started or called before the first request.
"""

import asyncio
import concurrent.futures
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from onrecall.domain.errors import Invalid, NotFound
from onrecall.domain.optional_packages import missing_extra
from onrecall.hindsight import failures
from onrecall.hindsight.replies import BankMatch, BankState, StoredDocument, best_matches, stored_document

if TYPE_CHECKING:
    from hindsight_client import Hindsight

INSTALL = f"{missing_extra('ONRECALL_HINDSIGHT_URL is set, which', 'hindsight')}, or unset it"
PAGE_SIZE = 200
"""Documents that are listed at once."""
TEXTS_AT_ONCE = 8
"""Texts that are fetched at the same time."""
QUERY_CHARACTERS = 4000
"""What is sent of a question: the model on the other side reads less."""
RECALL_TOKENS = 4096
"""Tokens of a reply to a question."""
GRACE_SECONDS = 2.0
Item = Mapping[str, Any]
Reply = TypeVar("Reply")


class HindsightBank:
    """A bank, its server and the key that opens it. Every call is bounded by `timeout` seconds."""

    def __init__(self, url: str, bank: str, key: str | None = None, timeout: float = 10.0) -> None:
        self.url, self.name, self.timeout = url, bank, timeout
        self._key = key
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._client: Hindsight | None = None
        self._exists = False

    def check(self, timeout: float | None = None) -> BankState:
        """Make a call that needs the key, and say what was found.

        Raises:
            Unavailable: nobody answers in time, or the key is refused (`retry_after` is longer then).
            Invalid: the package is not installed, or the address is no Hindsight server.
        """
        return self._run(self._check, timeout or self.timeout)

    def retain(self, items: Sequence[Item]) -> int:
        """Store items under their document ids, replacing what was there; the bank is made if it is not there yet.

        The same document twice in one call would be glued together by the server, so the last of them alone is sent.
        Returns how many documents were sent.
        """
        last = {str(item["document_id"]): item for item in items}
        sendable = [_to_client_item(item) for item in last.values()]
        if sendable:
            self._run(lambda client: self._retain(client, sendable), self.timeout)
        return len(last)

    def delete(self, document_id: str) -> bool:
        """Remove a document; says whether it was there. Doing so twice is fine."""
        try:
            self._run(lambda client: client.documents.delete_document(self.name, document_id), self.timeout)
        except NotFound:
            return False
        return True

    def documents(self) -> Iterator[StoredDocument]:
        """Return every document of the bank once, without its text; none if there is no bank yet."""
        listed_ids: set[str] = set()
        offset = 0
        while True:
            try:
                page = self._run(partial(self._page, offset=offset), self.timeout)
            except NotFound:
                return
            yield from (document for document in page if document.id not in listed_ids)
            listed_ids.update(document.id for document in page)
            offset += len(page)
            if len(page) < PAGE_SIZE:
                return

    def texts(self, document_ids: Sequence[str]) -> dict[str, str]:
        """Return what documents say, by id; one that is gone meanwhile is absent."""
        text_by_id: dict[str, str] = {}
        for start in range(0, len(document_ids), TEXTS_AT_ONCE):
            chunk = document_ids[start : start + TEXTS_AT_ONCE]
            texts = self._run(partial(self._texts, ids=chunk), self.timeout)
            text_by_id |= {name: text for name, text in zip(chunk, texts, strict=True) if text is not None}
        return text_by_id

    def recall(
        self, question: str, limit: int, max_tokens: int = RECALL_TOKENS
    ) -> "concurrent.futures.Future[tuple[BankMatch, ...]]":
        """Begin to look for what is like a question; the result, or an error of OnRecall, comes later."""
        return self._submit(lambda client: self._recall(client, question, limit, max_tokens), self.timeout)

    def close(self) -> None:
        """End the connection and the thread; what is on its way is given up."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(GRACE_SECONDS)

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run the loop until it is told to stop, then take leave of the server in the same thread."""
        loop.run_forever()
        loop.run_until_complete(self._disconnect())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    async def _disconnect(self) -> None:
        waiting = asyncio.all_tasks() - {asyncio.current_task()}
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    # calls

    async def _check(self, client: "Hindsight") -> BankState:
        try:
            version = await client.aget_version()
        except failures.failures() as error:
            if failures.status(error) != 404:
                raise
            raise Invalid(
                f"the server at {self.url} is not Hindsight; give Hindsight's base URL", "hindsight_url"
            ) from error
        try:
            config = await client.aget_bank_config(self.name)
        except failures.failures() as error:
            if failures.status(error) != 404:
                raise
            return BankState(version.api_version, exists=False)
        self._exists = True
        mode = config.get("config", {}).get("retain_extraction_mode")
        return BankState(version.api_version, exists=True, mode=str(mode) if mode else None)

    async def _retain(self, client: "Hindsight", items: Sequence[Item]) -> None:
        if not self._exists and not (await self._check(client)).exists:
            await client.acreate_bank(
                self.name, name=self.name, retain_extraction_mode="chunks", enable_observations=False
            )
            self._exists = True
        await client.aretain_batch(self.name, list(items))

    async def _page(self, client: "Hindsight", offset: int) -> tuple[StoredDocument, ...]:
        # by creation, which no update changes: a page that moved meanwhile would hide a document
        page = await client.documents.list_documents(
            self.name, limit=PAGE_SIZE, offset=offset, time_field="created_at", _request_timeout=self.timeout
        )
        return tuple(stored_document(item) for item in page.items)

    async def _texts(self, client: "Hindsight", ids: Sequence[str]) -> list[str | None]:
        return list(await asyncio.gather(*(self._text(client, name) for name in ids)))

    async def _text(self, client: "Hindsight", document_id: str) -> str | None:
        try:
            document = await client.documents.get_document(self.name, document_id, _request_timeout=self.timeout)
        except failures.failures() as error:
            if failures.status(error) != 404:
                raise
            return None
        return document.original_text or ""

    async def _recall(self, client: "Hindsight", question: str, limit: int, max_tokens: int) -> tuple[BankMatch, ...]:
        reply = await client.arecall(self.name, question[:QUERY_CHARACTERS], budget="low", max_tokens=max_tokens)
        return best_matches(reply.results, limit)

    # the loop

    def _run(self, call: Callable[["Hindsight"], Awaitable[Reply]], seconds: float) -> Reply:
        future = self._submit(call, seconds)
        try:
            return future.result(seconds + GRACE_SECONDS)
        except concurrent.futures.TimeoutError as error:
            future.cancel()
            raise failures.timeout_error(self.url, seconds) from error

    def _submit(
        self, call: Callable[["Hindsight"], Awaitable[Reply]], seconds: float
    ) -> "concurrent.futures.Future[Reply]":
        return asyncio.run_coroutine_threadsafe(self._bounded(call, seconds), self._running_loop())

    async def _bounded(self, call: Callable[["Hindsight"], Awaitable[Reply]], seconds: float) -> Reply:
        """Make one call; whatever the client raises becomes an error of OnRecall that names the server."""
        client = self._connected()
        try:
            return await asyncio.wait_for(call(client), seconds)
        except failures.failures() as error:
            raise failures.translate(error, self.url, seconds) from error

    def _connected(self) -> "Hindsight":
        """Return the client, made within the loop that it belongs to."""
        if self._client is None:
            try:
                from hindsight_client import Hindsight  # noqa: PLC0415 - an extra
            except ImportError as error:
                raise Invalid(INSTALL, "hindsight_url") from error
            self._client = Hindsight(self.url, self._key, timeout=self.timeout, user_agent="onrecall", max_attempts=1)
        return self._client

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._serve, args=(self._loop,), name="onrecall-hindsight", daemon=True
                )
                self._thread.start()
            return self._loop


def _to_client_item(item: Item) -> dict[str, Any]:
    """Return an item as the client takes it, with its time as a datetime."""
    timestamp = item.get("timestamp")
    moment = datetime.fromisoformat(timestamp) if isinstance(timestamp, str) else timestamp
    return {**item, "timestamp": moment}
