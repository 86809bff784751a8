"""Cause labels: families of root causes in prose are proposed, and only what a person confirms counts."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from onrecall.backtest.run import history_of_store
from onrecall.domain.errors import Invalid, NotFound
from onrecall.domain.incident import Incident, Resolution
from onrecall.pipeline import IncidentService
from onrecall.pipeline import cause_families as families
from onrecall.pipeline.recurrences import FamilyFilter, find_recurrences

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
CAUSES = {
    "K-1": "The signing key of the mint service had expired",
    "K-2": "An expired signing key in the mint service",
    "K-3": "A rollout removed the index on baskets",
    "K-4": "The index on baskets was removed by a rollout",
    "K-5": "Nobody renewed the licence of the scanner",
    "K-6": "unknown",
}


def incident(name: str, root_cause: str, day: int, cause: str | None = None) -> Incident:
    at = START + timedelta(days=day)
    end = at + timedelta(hours=1)
    return Incident(
        id=name, title=f"alarm {name}", started_at=at, status="resolved", resolved_at=end, source="paper", source_id=name,
        resolution=Resolution(root_cause, end, cause=cause),
    )  # fmt: skip


def history(extra: Iterable[Incident] = ()) -> list[Incident]:
    return [*(incident(name, cause, day) for day, (name, cause) in enumerate(CAUSES.items())), *extra]


@pytest.fixture
def imported_memory(memory: IncidentService) -> IncidentService:
    memory.import_history(history())
    return memory


def test_root_causes_that_say_the_same_are_proposed_under_their_own_words(imported_memory: IncidentService) -> None:
    found = families.overview(imported_memory.store)
    assert {tuple(member.incident for member in family.members) for family in found.proposed} == {
        ("K-1", "K-2"),
        ("K-3", "K-4"),
    }
    assert {family.label for family in found.proposed} <= {
        "signing-key-mint", "signing-mint-expired", "key-mint-expired", "signing-key-expired", "mint-service-expired",
        "signing-key-service", "rollout-removed-index", "rollout-removed-baskets", "removed-index-baskets", "rollout-index-baskets",
    }  # fmt: skip
    assert (found.labelled, found.unlabelled) == (0, 5)
    assert [one.resolution.cause for one in imported_memory.store.incidents.page().items if one.resolution] == [
        None
    ] * 6


def test_a_confirmed_family_counts_and_the_same_history_still_changes_nothing(imported_memory: IncidentService) -> None:
    (first, *_) = families.overview(imported_memory.store).proposed
    assert (
        families.confirm(imported_memory.store, [families.Choice(first.id, "stale-key")], imported_memory.now(), "ann")
        == 2
    )
    assert history_of_store(imported_memory.store).confirmed_families == {"K-1": "stale-key", "K-2": "stale-key"}
    labels = {
        member.incident: imported_memory.store.incidents.get(member.incident).resolution for member in first.members
    }
    assert {found.cause for found in labels.values() if found} == {"stale-key"}
    back = find_recurrences(imported_memory.store, imported_memory.now(), FamilyFilter())
    assert [family.incidents for family in back.families if family.cause == "stale-key"] == [tuple(labels)]
    assert back.proposed == 1
    again = imported_memory.import_history(history())
    assert (again.created, again.updated, again.unchanged) == (0, 0, 6)
    assert imported_memory.store.incidents.get(first.members[0].incident).resolution.cause == "stale-key"  # type: ignore[union-attr]


def test_a_confirmed_label_stays_when_the_history_says_something_new(imported_memory: IncidentService) -> None:
    (first, *_) = families.overview(imported_memory.store).proposed
    families.confirm(imported_memory.store, [families.Choice(first.id, "own-name")], imported_memory.now())
    name = first.members[0].incident
    newer = incident(name, f"{CAUSES[name]}, found by ann", list(CAUSES).index(name))
    assert imported_memory.import_history([newer]).updated == 1
    resolution = imported_memory.store.incidents.get(name).resolution
    assert resolution is not None
    assert (resolution.root_cause, resolution.cause) == (f"{CAUSES[name]}, found by ann", "own-name")
    assert imported_memory.import_history([newer]).unchanged == 1


def test_a_later_incident_is_proposed_under_the_label_that_others_have(imported_memory: IncidentService) -> None:
    imported_memory.import_history([incident("K-9", "Mint service signing key expired again", 40, None)])
    imported_memory.import_history(
        [incident("L-1", "The licence of the scanner was renewed by nobody", 41, "lapsed-licence")]
    )
    waiting = {
        family.label: [member.incident for member in family.members]
        for family in families.overview(imported_memory.store).proposed
    }
    assert waiting["lapsed-licence"] == ["K-5"]
    assert ["K-1", "K-2", "K-9"] in waiting.values()


def test_what_is_dismissed_is_not_proposed_again_until_that_is_taken_back(imported_memory: IncidentService) -> None:
    (first, second) = families.overview(imported_memory.store).proposed
    assert families.dismiss(imported_memory.store, [first.id], imported_memory.now()) == 1
    assert [family.id for family in families.overview(imported_memory.store).proposed] == [second.id]
    families.withdraw(imported_memory.store, first.id)
    assert len(families.overview(imported_memory.store).proposed) == 2


def test_taking_a_confirmation_back_takes_only_the_labels_that_it_gave(imported_memory: IncidentService) -> None:
    imported_memory.import_history(
        [incident("L-1", "The licence of the scanner was renewed by nobody", 41, "lapsed-licence")]
    )
    (family,) = (one for one in families.overview(imported_memory.store).proposed if one.label == "lapsed-licence")
    assert families.confirm(imported_memory.store, [families.Choice(family.id)], imported_memory.now()) == 1
    assert families.withdraw(imported_memory.store, family.id) == 1
    assert imported_memory.store.incidents.get("K-5").resolution.cause is None  # type: ignore[union-attr]
    assert imported_memory.store.incidents.get("L-1").resolution.cause == "lapsed-licence"  # type: ignore[union-attr]


def test_a_family_that_is_not_there_and_a_label_that_is_none_are_refused_and_change_nothing(
    imported_memory: IncidentService,
) -> None:
    (first, *_) = families.overview(imported_memory.store).proposed
    with pytest.raises(NotFound):
        families.confirm(
            imported_memory.store, [families.Choice(first.id), families.Choice("cf-none")], imported_memory.now()
        )
    with pytest.raises(Invalid):
        families.confirm(imported_memory.store, [families.Choice(first.id, "  ")], imported_memory.now())
    with pytest.raises(NotFound):
        families.withdraw(imported_memory.store, first.id)
    assert families.overview(imported_memory.store).labelled == 0
