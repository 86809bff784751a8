"""What a team tracks about a family: the state of actions that postmortems list, and actions that people added."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from onrecall.domain.action_item import TrackedAction
from onrecall.domain.incident import Incident
from onrecall.domain.markdown_page import fold_words
from onrecall.recurrences.corrective_actions import CorrectiveAction

Place = tuple[str, int]
"""A document and a line of it."""


class TrackedActions:
    """The tracked action items of incidents, matched to the lines of postmortems by their text."""

    def __init__(self, actions: Iterable[TrackedAction]) -> None:
        self._by_incident: dict[str, list[TrackedAction]] = {}
        for action in actions:
            self._by_incident.setdefault(action.incident, []).append(action)

    def update_states(
        self, written: Iterable[CorrectiveAction], members: Sequence[Incident]
    ) -> tuple[CorrectiveAction, ...]:
        """Return the actions with the state that people gave them since, without those they dropped."""
        tracked = self._by_place(members)
        updated = []
        for action in written:
            newer = tracked.get((action.citation.id, action.citation.line))
            if newer is None or not newer.edited:
                updated.append(action)
            elif newer.state != "dropped":
                updated.append(replace(action, state=newer.state))
        return tuple(updated)

    def beside(self, written: Iterable[CorrectiveAction], members: Sequence[Incident]) -> tuple[TrackedAction, ...]:
        """Return the members' action items that are not among these, open ones first, without dropped ones."""
        tracked = self._by_place(members)
        places = {(action.citation.id, action.citation.line) for action in written}
        shown = {(action.incident, action.number) for place, action in tracked.items() if place in places}
        others = [
            action
            for member in members
            for action in self._by_incident.get(member.id, ())
            if action.state != "dropped" and (action.incident, action.number) not in shown
        ]
        return tuple(
            sorted(others, key=lambda each: (each.state != "open", each.due or date.max, each.incident, each.number))
        )

    def _by_place(self, members: Iterable[Incident]) -> Mapping[Place, TrackedAction]:
        """Return the tracked action items by the line of the postmortem that lists them."""
        places: dict[Place, TrackedAction] = {}
        for member in members:
            tracked = {
                fold_words(action.imported_text): action
                for action in self._by_incident.get(member.id, ())
                if action.imported_text
            }
            for item in member.action_items:
                if member.document and item.line and (action := tracked.get(fold_words(item.text))):
                    places[member.document, item.line] = action
        return places
