"""Erases a person or an incident from every table, the search index and the audit's text, in one transaction."""

import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, delete, func, select, update

from onrecall.domain.document import Document
from onrecall.domain.erasure import ERASED_TEXT, OWN_WORDS, ErasureReceipt, PersonPattern, map_words, texts_in
from onrecall.domain.errors import Conflict
from onrecall.domain.incident import Incident
from onrecall.domain.passage import Owner, Passage
from onrecall.domain.suggestion import Suggestion
from onrecall.storage import audit, erased_rows, incident_rows, records, recurrence_days, removal, terms
from onrecall.storage.action_items import action_items
from onrecall.storage.cause_families import cause_family_members
from onrecall.storage.database import Database
from onrecall.storage.erased_rows import Replacement
from onrecall.storage.incident_images import incident_images
from onrecall.storage.keys import api_keys
from onrecall.storage.passages import PassageChanges
from onrecall.storage.push_subscriptions import push_subscriptions
from onrecall.storage.reindex_commit import staged_owners, staged_passages
from onrecall.storage.sessions import sessions
from onrecall.storage.sign_ins import people
from onrecall.storage.tables import alerts, citations, events, incidents, metadata, notes, passages, resolutions

Record = Incident | Document | Suggestion
_WORD_BEGINNING = re.compile(r"(?<!\w)\w|[^\w\s]")
_WITHIN_WORD = re.compile(r"\w\w")
SHARED_WORDS = frozenset({"service", "environment", "labels", "annotations", "values", "tags", "cause", "links", "url"})
"""Columns and fields whose words other incidents have, too."""
SHORTEST_PHRASE = 8
"""Shorter texts of an incident say nothing by themselves."""
RESTATING_TABLES = frozenset(
    {
        "recommendations",
        "judged",
        "outcomes",
        "deliveries",
        "threads",
        "notices",
        "events",
        "suggestions",
        "retained",
        "curves",
        "notes",
        "action_items",
    }
)
"""Tables whose rows repeat what other incidents say."""
TEXT_OF_INCIDENT: Mapping[Table, str] = {
    notes: "incident",
    alerts: "incident",
    events: "incident",
    incident_images: "incident",
    action_items: "incident",
}
"""Tables with more words of an incident, and the column with its id."""


@dataclass(frozen=True, slots=True)
class Derivation:
    """How what is derived from texts is made, which is not the store's own knowledge."""

    passages: Callable[[Sequence[Record]], Sequence[tuple[Passage, ...]]]
    """Makes the passages of records, with their terms and vectors."""
    step_words: Callable[[str], str]
    """Makes of a text what the key of a step with that text holds."""


class Erasures:
    """Erases a person or an incident. Each method is one transaction, and a repetition changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def erase_person(self, names: tuple[str, ...], derive: Derivation, now: datetime, by: str | None) -> ErasureReceipt:
        """Replace a person's names everywhere by a pseudonym, revoke their keys, end their sessions.

        `names` are all forms that the person is known by, such as a name and an address. Raises Invalid.
        """
        person = PersonPattern(names, f"erased-{secrets.token_hex(4)}")
        rows: Counter[str] = Counter()
        with self._database.erase() as connection:
            _shut_out(connection, person, now, rows)
            replacement = Replacement(person.replace, person.derived(derive.step_words))
            removal.rehash(connection, erased_rows.change_texts(connection, replacement, rows))
            _remake_passages(connection, person, derive, rows)
            recurrence_days.remove_changed(connection)
            remaining = erased_rows.remaining_rows(connection, person.replace)
            actor = None if by is None else person.replace(by)
            return _finish(
                connection,
                ErasureReceipt(None, "person", person.pseudonym, now, actor, rows, remaining),
                person.replace,
            )

    def erase_incident(self, incident_id: str, derive: Derivation, now: datetime, by: str | None) -> ErasureReceipt:
        """Delete an incident with its alerts, notes, answers and pictures, and its words where others repeat them.

        An incident that is not there changes nothing. Raises Conflict if a document tells of it.
        """
        receipt = ErasureReceipt(None, "incident", incident_id, now, by, {})
        with self._database.erase() as connection:
            if not incident_rows.by_id(connection, [incident_id]):
                return receipt
            _require_no_document(connection, incident_id)
            phrases = _phrases(connection, incident_id)
            change = _scrubber(phrases)
            step_words = {
                words for phrase in phrases if _says_something(words := derive.step_words(phrase), alone=False)
            }
            rows = _delete_incident(connection, incident_id)
            recurrence_days.remove_changed(connection)
            _scrub_repetitions(connection, incident_id, Replacement(change, _scrubber(step_words)), rows)
            return _finish(connection, replace(receipt, rows=rows), change, incident_id)

    def is_erased(self, incident_id: str) -> bool:
        """Return whether the audit records that an incident was erased."""
        recorded = select(audit.audit.c.detail).where(audit.audit.c.what == "data erased")
        with self._database.read() as connection:
            return any(detail.get("erased") == incident_id for detail in connection.scalars(recorded))


def _finish(
    connection: Connection,
    receipt: ErasureReceipt,
    change: Callable[[str], str],
    incident: str | None = None,
) -> ErasureReceipt:
    """Erase from the audit as well and record the erasure there; without any changed row nothing is recorded."""
    changed = _changed_audit_rows(connection, change, incident)
    rows = {name: number for name, number in receipt.rows.items() if number}
    if not rows and not changed:
        return replace(receipt, rows={})
    terms.forget_removed(connection)
    erasure = f"erasure-{secrets.token_hex(4)}"
    digest = audit.replace_erased(connection, erasure, changed)
    rows |= {"audit": len(changed)} if changed else {}
    detail = {"kind": receipt.kind, "erased": receipt.about, "rows": rows, "remaining": dict(receipt.remaining)}
    audit.add(connection, "data erased", erasure, detail | {"audit_digest": digest}, receipt.by)
    return replace(receipt, id=erasure, rows=rows)


def _changed_audit_rows(
    connection: Connection, change: Callable[[str], str], incident: str | None
) -> Sequence[Mapping[str, Any]]:
    """Return the rows of the audit as they read afterwards; for an incident only those that name it."""
    changed = []
    query = select(audit.audit).order_by(audit.audit.c.seq).execution_options(yield_per=erased_rows.BATCH_SIZE)
    for row in connection.execute(query).mappings():
        if incident is not None and row["about"] != incident and not _mentions(row["detail"], incident):
            continue
        new = dict(row) | {
            "who": row["who"] and change(row["who"]),
            "about": row["about"] and change(row["about"]),
            "detail": map_words(row["detail"], change),
        }
        if new != dict(row):
            changed.append(new)
    return changed


def _shut_out(connection: Connection, person: PersonPattern, now: datetime, rows: Counter[str]) -> None:
    """Revoke the keys that carry one of the names, end the sessions, and forget the account and the devices."""
    key_ids = [
        row.id for row in connection.execute(select(api_keys.c.id, api_keys.c.name)) if person.is_person(row.name)
    ]
    session_ids = [
        row.id for row in connection.execute(select(sessions.c.id, sessions.c.name)) if person.is_person(row.name)
    ]
    active = api_keys.c.id.in_(key_ids) & api_keys.c.revoked_at.is_(None)
    connection.execute(update(api_keys).where(active).values(revoked_at=now))
    devices = push_subscriptions.c.key_id.in_(key_ids) | push_subscriptions.c.session_id.in_(session_ids)
    for table, condition in (
        (push_subscriptions, devices),
        (sessions, sessions.c.id.in_(session_ids)),
    ):
        rows[table.name] += connection.execute(delete(table).where(condition)).rowcount
    for account in connection.execute(select(people)).all():
        if person.is_person(account.name):
            key = (people.c.issuer == account.issuer) & (people.c.subject == account.subject)
            rows["people"] += connection.execute(delete(people).where(key)).rowcount


def _remake_passages(connection: Connection, person: PersonPattern, derive: Derivation, rows: Counter[str]) -> None:
    """Make the passages anew whose text holds a name, so that neither words nor vectors find it."""
    query = select(passages.c.kind, passages.c.owner, passages.c.text, passages.c.heading)
    owners: list[Owner] = list(
        dict.fromkeys(
            (row.kind, row.owner)
            for row in connection.execute(query.execution_options(yield_per=erased_rows.BATCH_SIZE))
            if any(text is not None and person.replace(text) != text for text in (row.text, row.heading))
        )
    )
    stored = records.by_owner(connection, owners)
    changes = PassageChanges()
    for owner, new_passages in zip(stored, derive.passages(list(stored.values())), strict=True):
        changes.set_passages(owner, new_passages)
    changes.write(connection)
    rows["passages"] += len(owners)
    _unstage(connection, owners)


def _unstage(connection: Connection, owners: Iterable[Owner]) -> None:
    """Take owners out of a re-index that is under way, which then makes them anew."""
    for kind, owner in owners:
        for table in (staged_passages, staged_owners):
            connection.execute(delete(table).where(table.c.kind == kind, table.c.owner == owner))


def _require_no_document(connection: Connection, incident_id: str) -> None:
    document = connection.scalar(select(incidents.c.document).where(incidents.c.id == incident_id))
    if document is not None:
        raise Conflict(
            f"the document {document} tells of {incident_id}, and would bring it back; delete the document first, "
            "then erase the incident"
        )


def _phrases(connection: Connection, incident_id: str) -> frozenset[str]:
    """Return what the incident says, in whole texts and in lines. A single word counts where people wrote it alone."""
    written = _texts(connection, {incidents: "id", resolutions: "incident"}, incident_id)
    other = _texts(connection, TEXT_OF_INCIDENT, incident_id)
    own_passages = passages.c.kind == "incident", passages.c.owner == incident_id
    other += connection.scalars(select(passages.c.text).where(*own_passages))
    lines = {line.strip() for text in (*written, *other) for line in (text, *text.splitlines())}
    return frozenset(line for line in lines if _says_something(line, alone=line in written))


def _texts(connection: Connection, tables: Mapping[Table, str], incident_id: str) -> list[str]:
    """Return every text of an incident's rows in tables, given with the column that holds its id."""
    texts: list[str] = []
    for table, key in tables.items():
        columns = [column for column in erased_rows.text_columns(table) if column.name not in SHARED_WORDS]
        query = select(*columns).where(table.c[key] == incident_id)
        texts += [text for row in connection.execute(query) for value in row for text in texts_in(value, SHARED_WORDS)]
    return texts


def _says_something(line: str, *, alone: bool) -> bool:
    """Return whether a line says something of its incident, rather than being a word or a time that others use."""
    if len(line) < SHORTEST_PHRASE or line.casefold() in OWN_WORDS:
        return False
    return " " in line or (alone and not re.fullmatch(r"[\d:.TZ+-]+", line))


def _scrubber(phrases: Iterable[str]) -> Callable[[str], str]:
    """Return what replaces every phrase in a text, the longest first, where it stands as whole words."""
    by_beginning: dict[str, list[str]] = {}
    for phrase in sorted(phrases, key=len, reverse=True):
        by_beginning.setdefault(phrase[:SHORTEST_PHRASE].lower(), []).append(phrase.lower())

    def scrub(text: str) -> str:
        lower = text.lower()
        if len(lower) != len(text):  # some letters grow when they become small
            return text if (scrubbed := scrub(lower)) == lower else scrubbed
        parts, end = [], 0
        for begin in (match.start() for match in _WORD_BEGINNING.finditer(lower)):
            phrase = _phrase_at(lower, begin, by_beginning) if begin >= end else None
            if phrase is not None:
                parts += [text[end:begin], ERASED_TEXT]
                end = begin + len(phrase)
        return "".join((*parts, text[end:])) if parts else text

    return scrub


def _phrase_at(lower: str, begin: int, by_beginning: Mapping[str, Sequence[str]]) -> str | None:
    """Return the longest phrase that begins here and ends with a word."""
    phrases = by_beginning.get(lower[begin : begin + SHORTEST_PHRASE], ())
    return next(
        (
            phrase
            for phrase in phrases
            if lower.startswith(phrase, begin) and not _WITHIN_WORD.match(lower, begin + len(phrase) - 1)
        ),
        None,
    )


def _delete_incident(connection: Connection, incident_id: str) -> Counter[str]:
    """Delete every row of the incident; its alerts go too, or they would be grouped into a new one.

    Returns the deleted rows by table.
    """
    before = erased_rows.row_counts(connection)
    removed_passages = connection.scalar(
        select(func.count()).select_from(passages).where(passages.c.kind == "incident", passages.c.owner == incident_id)
    )
    for column in (alerts.c.incident, citations.c.evidence, cause_family_members.c.incident):
        connection.execute(delete(column.table).where(column == incident_id))
    removal.remove_incidents(connection, [incident_id])
    _unstage(connection, [("incident", incident_id)])
    before.subtract(erased_rows.row_counts(connection))
    return before + Counter({"passages": removed_passages or 0})


def _scrub_repetitions(connection: Connection, incident_id: str, replacement: Replacement, rows: Counter[str]) -> None:
    """Take the incident's words out of rows of others that name it, such as answers that cite it."""

    def names_incident(row: RowMapping) -> bool:
        return any(_mentions(value, incident_id) for value in row.values())

    for table in metadata.sorted_tables:
        if table.name in RESTATING_TABLES:
            keys = erased_rows.change_table(connection, table, replacement, names_incident)
            rows[table.name] += len(keys)


def _mentions(value: Any, incident_id: str) -> bool:
    """Return whether JSON names an incident anywhere."""
    if isinstance(value, dict):
        return any(_mentions(item, incident_id) for item in value.values())
    if isinstance(value, list):
        return any(_mentions(item, incident_id) for item in value)
    return isinstance(value, str) and re.search(rf"(?<![\w-]){re.escape(incident_id)}(?![\w-])", value) is not None
