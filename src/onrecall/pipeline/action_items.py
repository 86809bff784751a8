"""Action items: people add, change and close them; all are listed with their incidents."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from onrecall.domain.action_item import (
    ActionEdit,
    ActionState,
    TrackedAction,
    parse_due,
    parse_owner,
    parse_text,
    parse_url,
)
from onrecall.domain.errors import Unavailable
from onrecall.domain.issue_form import IssueForm
from onrecall.notifications.links import Links
from onrecall.pipeline.group_alerts import MAX_ATTEMPTS
from onrecall.pipeline.manual_grouping import ensure_not_merged
from onrecall.redaction import redact
from onrecall.storage import Storage
from onrecall.storage.action_items import ActionFilter, ListedAction
from onrecall.storage.results import ResultPage


@dataclass(frozen=True, slots=True)
class NewAction:
    """What a person writes down to be done after an incident."""

    text: str
    owner: str = ""
    due: str = ""
    """A day such as 2026-12-24; empty: none."""
    url: str = ""
    """The issue in a tracker; empty: none."""


@dataclass(frozen=True, slots=True)
class ActionSelection:
    """Which action items to list; `overdue` means open ones whose due date has passed."""

    state: ActionState | None = "open"
    overdue: bool = False
    owner: str | None = None
    service: str | None = None


@dataclass(frozen=True, slots=True)
class IssueLinks:
    """Builds links to the tracker's form for a new issue; None where no form is configured."""

    form: IssueForm | None = None
    console: Links = field(default_factory=Links)

    def of(self, listed: ListedAction) -> str | None:
        """Return the link for an action item, with what the issue should say filled in."""
        if self.form is None:
            return None
        action = listed.action
        lines = (
            action.text,
            "",
            f"From incident {action.incident}: {' '.join(listed.title.split())}",
            listed.service and f"Service: {listed.service}",
            action.owner and f"Owner: {action.owner}",
            f"Due: {action.due.isoformat()}" if action.due else None,
            self.console.incident(action.incident),
        )
        return self.form.link(action.text[:200], "\n".join(line for line in lines if line is not None))


class ActionTracker:
    """Adds, changes and lists action items; texts are redacted before they are stored."""

    def __init__(
        self, store: Storage, clock: Callable[[], datetime], links: IssueLinks = IssueLinks(), *, personal: bool
    ) -> None:
        self._store = store
        self._clock = clock
        self._links = links
        self._personal = personal

    def today(self) -> date:
        """Return the current day, in UTC, by which action items become overdue."""
        return self._clock().date()

    def add(self, incident_id: str, new: NewAction, by: str | None = None) -> tuple[ListedAction, bool]:
        """Add an action item; the second value says whether it was new: an open one with the same text stays as it is.

        Raises Invalid, NotFound, and Conflict if the incident was merged or has 200 action items.
        """
        incident = self._store.incidents.get(incident_id)
        ensure_not_merged(incident)
        action = TrackedAction(
            incident=incident_id,
            number=0,
            text=parse_text(self._clean(new.text)),
            owner=parse_owner(redact(new.owner).text),
            due=parse_due(new.due),
            url=parse_url(redact(new.url).text),
            created_by=by,
        )
        added, is_new = self._store.action_items.add(action, self._clock())
        return ListedAction(added, incident.title, incident.service, incident.source), is_new

    def edit(self, incident_id: str, number: int, edit: ActionEdit, by: str | None = None) -> ListedAction:
        """Change an action item; the same again changes nothing.

        Raises Invalid, NotFound, and Unavailable where others keep changing it.
        """
        clean = replace(
            edit,
            text=None if edit.text is None else self._clean(edit.text),
            owner=None if edit.owner is None else redact(edit.owner).text,
            url=None if edit.url is None else redact(edit.url).text,
        )
        for _ in range(MAX_ATTEMPTS):
            before, now = self._store.action_items.get(incident_id, number), self._clock()
            after = clean.apply(before, now, by)
            if self._store.action_items.change(before, after, now, by):
                incident = self._store.incidents.get(incident_id)
                return ListedAction(after, incident.title, incident.service, incident.source)
        raise Unavailable(f"action item {number} of incident {incident_id} keeps changing; try again")

    def of_incident(self, incident_id: str) -> tuple[ListedAction, ...]:
        """Return the action items of an incident, by number. Raises NotFound."""
        incident = self._store.incidents.get(incident_id)
        actions = self._store.action_items.of_incident(incident_id)
        return tuple(ListedAction(action, incident.title, incident.service, incident.source) for action in actions)

    def page(self, selection: ActionSelection, limit: int = 100, cursor: str | None = None) -> ResultPage[ListedAction]:
        """Return action items of all incidents, those due first at the top, those without a due date last."""
        return self._store.action_items.page(self._filter(selection), limit, cursor)

    def count(self, selection: ActionSelection) -> int:
        """Return how many action items match."""
        return self._store.action_items.count(self._filter(selection))

    @property
    def issue_form(self) -> str | None:
        """The address of the tracker's form for a new issue, with its placeholders; None if none is configured."""
        return self._links.form.template if self._links.form else None

    def issue_link(self, listed: ListedAction) -> str | None:
        """Return the link that opens the tracker's form for a new issue, filled in; None if none is configured."""
        return self._links.of(listed)

    def _filter(self, selection: ActionSelection) -> ActionFilter:
        return ActionFilter(
            state=None if selection.overdue else selection.state,
            overdue_on=self.today() if selection.overdue else None,
            owner=selection.owner,
            service=selection.service,
        )

    def _clean(self, text: str) -> str:
        return redact(text, personal=self._personal).text
