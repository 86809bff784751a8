"""What is news, and what is only another look at the same thing."""

from dataclasses import replace

from onrecall.notifications import FeedEvent, NotifiedState, build_update, current_state

from .given import NOON, STEP, answer, incident, resolved


def event(kind: str, **detail: object) -> FeedEvent:
    return FeedEvent(9, kind, NOON, "ann", detail)


def update_of(about_incident=None, recommendation=None, **more: object) -> NotifiedState:
    return replace(current_state(about_incident or incident(), recommendation), **more)


HEARD = update_of(recommendation=answer())


def kind(about, recommendation, happened, last, sent=HEARD):
    update = build_update(about, recommendation, happened, last, sent)
    return update and update.kind


def test_the_first_answer_is_news_and_the_same_answer_is_not() -> None:
    assert kind(incident(), answer(), event("recommended"), None, None) == "opened"
    assert kind(incident(), answer(), event("recommended"), HEARD) is None
    again = answer(id="rec-2", verdict_reason="more words", confidence=None, confidence_reason="x")
    assert kind(incident(), again, event("recommended"), HEARD) is None


def test_another_verdict_cause_or_first_safe_step_is_news() -> None:
    for changed in (
        {"verdict": "similar"},
        {"cause": "Disk full"},
        {"steps": (replace(STEP, command="kubectl describe"),)},
        {"steps": ()},
    ):
        assert kind(incident(), answer(**changed), event("recommended"), HEARD) == "changed"


def test_the_same_cause_in_other_words_is_none() -> None:
    labelled = update_of(recommendation=answer(cause_label="pool"))
    assert kind(incident(), answer(cause="The pool leaks", cause_label="pool"), event("recommended"), labelled) is None


def test_a_long_command_is_cut_with_a_mark() -> None:
    long = f"kubectl get pods {'-l app=checkout ' * 40}"
    changed = answer(steps=(replace(STEP, command=long),))
    (change,) = build_update(incident(), changed, event("recommended"), HEARD, HEARD).changes
    assert change.endswith("…”")
    assert len(change) < 400


def test_what_nobody_heard_of_is_new_however_often_it_changed() -> None:
    assert kind(incident(), answer(verdict="similar"), event("recommended"), HEARD, None) == "opened"


def test_the_end_is_news_once_and_again_when_somebody_says_what_it_was() -> None:
    over = update_of(resolved(None), answer())
    assert kind(resolved(None), answer(), event("resolved"), HEARD) == "resolved"
    assert kind(resolved(None), answer(), event("resolved"), over) is None
    assert kind(resolved(), answer(), event("resolved"), over) == "resolved"
    assert kind(resolved(), answer(), event("resolved"), update_of(resolved(), answer())) is None
    assert kind(incident(), answer(), event("resolved"), HEARD) is None, "it is open again already"


def test_an_answer_to_what_is_over_already_tells_of_its_end() -> None:
    assert kind(resolved(), answer(), event("recommended"), None, None) == "resolved"
    assert kind(resolved(), answer(), event("recommended"), update_of(resolved(), answer())) is None


def test_that_it_was_not_over_is_news_to_who_heard_it_was() -> None:
    assert kind(incident(), answer(), event("reopened"), update_of(resolved(), answer())) == "reopened"
    assert kind(incident(), answer(), event("reopened"), HEARD) is None


def test_a_merge_is_news_of_the_one_that_is_gone() -> None:
    update = build_update(resolved(None), answer(), event("merged", into="INC-7"), HEARD, HEARD)
    assert (update.kind, update.into) == ("merged", "INC-7")
    assert kind(incident(), answer(), event("merged", incident="INC-7"), HEARD) is None
    assert kind(resolved(None), answer(), event("merged", into="INC-7"), update_of(into="INC-7")) is None


def test_of_what_was_never_told_neither_end_nor_merge_is() -> None:
    for happened in (event("resolved"), event("reopened"), event("merged", into="INC-7")):
        assert kind(resolved(), answer(), happened, None, None) is None


def test_imported_history_is_told_to_nobody() -> None:
    assert kind(resolved(), None, event("resolved", imported=True), HEARD) is None


def test_everything_else_is_no_news() -> None:
    for event_type in ("opened", "acknowledged", "rated", "alerted", "noted", "linked", "split"):
        assert kind(incident(), answer(), event(event_type), HEARD) is None


def test_what_changed_is_told_from_what_arrived() -> None:
    changed = answer(verdict="similar", cause="Disk full", steps=())
    assert build_update(incident(), changed, event("recommended"), HEARD, HEARD).changes == (
        "verdict: known → similar",
        "cause: “Leak in the pool” → “Disk full”",
        "first safe step: “kubectl get pods -n auth” → no safe step",
    )
    ended = build_update(resolved(), answer(), event("resolved"), update_of(recommendation=changed), HEARD)
    assert ended.changes == ("it is over", "what was wrong: “A leak”")


def test_what_was_told_survives_json_and_other_versions() -> None:
    assert NotifiedState.from_json(HEARD.to_json()) == HEARD
    assert NotifiedState.from_json(HEARD.to_json() | {"colour": "red"}) == HEARD
    assert NotifiedState.from_json({}) == NotifiedState()
    assert NotifiedState.from_json(None) is None
