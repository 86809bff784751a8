"""The JSON of action items: keys may be added here, never renamed."""

from datetime import date, datetime
from typing import Self

from pydantic import Field

from onrecall.domain.action_item import LONGEST_OWNER, LONGEST_TEXT, LONGEST_URL, ActionEdit, ActionState
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import EXAMPLE
from onrecall.pipeline.action_items import ActionTracker, NewAction
from onrecall.schemas.json_models import InputModel, OutputModel
from onrecall.storage.action_items import ListedAction

BY = "The person who does this; by default the name of the key."
DUE = "The last day on which it is in time, such as 2026-12-24."


class TrackedActionOut(OutputModel):
    """An action item of an incident."""

    incident: str
    number: int = Field(description="Its number within the incident, from 1.")
    text: str
    owner: str | None
    due: date | None = Field(description=DUE)
    state: ActionState
    overdue: bool = Field(description="Open after its due date, by UTC.")
    url: str | None = Field(description="The issue in a tracker.")
    imported: bool = Field(description="Whether it comes from a postmortem.")
    imported_text: str | None = Field(description="What the postmortem calls it; null if a person added it.")
    created_at: datetime | None = Field(description="null if it comes from a postmortem.")
    created_by: str | None
    updated_at: datetime | None
    updated_by: str | None
    closed_at: datetime | None
    title: str = Field(description="The title of the incident.")
    service: str | None
    example: bool = Field(description="Whether the incident is from the example history.")
    new_issue_url: str | None = Field(
        description="Opens the tracker's form for a new issue, filled in; null without ONRECALL_ISSUE_FORM_URL."
    )

    @classmethod
    def of(cls, listed: ListedAction, tracker: ActionTracker) -> Self:
        """Build it from a listed action item."""
        action = listed.action
        names = (name for name in cls.model_fields if hasattr(action, name))
        return cls(
            **{name: getattr(action, name) for name in names},
            overdue=action.is_overdue(tracker.today()),
            title=listed.title,
            service=listed.service,
            example=listed.source == EXAMPLE,
            new_issue_url=tracker.issue_link(listed),
        )


class ActionIn(InputModel):
    """An action item to add."""

    text: str = Field(min_length=1, max_length=LONGEST_TEXT, examples=["Alert at 80 % of the pool, not at 100 %"])
    owner: str | None = Field(None, max_length=LONGEST_OWNER, examples=["dana"])
    due: str | None = Field(None, max_length=10, description=DUE, examples=["2026-12-24"])
    url: str | None = Field(None, max_length=LONGEST_URL, description="The issue in a tracker.")
    by: str | None = Field(None, max_length=200, description=BY)

    def to_domain(self) -> NewAction:
        """Return the new action item as the domain has it."""
        return NewAction(self.text, self.owner or "", self.due or "", self.url or "")


class ActionEditIn(InputModel):
    """Changes to an action item; omitted fields stay as they are, and null clears owner, due and url."""

    text: str | None = Field(None, min_length=1, max_length=LONGEST_TEXT)
    owner: str | None = Field(None, max_length=LONGEST_OWNER)
    due: str | None = Field(None, max_length=10, description=DUE)
    state: ActionState | None = None
    url: str | None = Field(None, max_length=LONGEST_URL)
    by: str | None = Field(None, max_length=200, description=BY)

    def to_domain(self) -> ActionEdit:
        """Return the edit as the domain has it, where an empty text clears a field; Invalid for a null elsewhere."""
        for name in ("text", "state"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise Invalid(f"{name} can't be null; leave it out to keep it as it is", name)
        cleared = {name: getattr(self, name) or "" for name in ("owner", "due", "url") if name in self.model_fields_set}
        return ActionEdit(text=self.text, state=self.state, **cleared)
