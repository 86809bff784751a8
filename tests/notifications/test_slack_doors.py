"""What people do in Slack, over real HTTP: each thing once, signed, answered in time."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from onrecall.bootstrap.access import Access
from onrecall.bootstrap.status import ComponentStatus, build_report
from onrecall.domain.incident import Incident, Resolution, ResolutionStep
from onrecall.domain.recommendation import RecommendationOutcome, StepVerdict
from onrecall.http import create
from onrecall.http.slack_app import SlackApp
from onrecall.http.slack_votes import StepVote, merge_vote
from onrecall.notifications import IncidentUpdate, Links
from onrecall.notifications.slack import message as slack_message
from onrecall.notifications.slack.api import Api
from onrecall.notifications.slack.channel import ChannelRouting, SlackBot
from onrecall.pipeline import Dependencies, IncidentService
from onrecall.pipeline.suggestions import resolution_from_text
from onrecall.retrieval import Retriever
from onrecall.retrieval.local_index import LocalIndex
from onrecall.storage import Storage, StoredNote
from onrecall.worker.worker import Worker

from . import slack_limits
from .slack_twin import CHANNEL, DIRECT, SECRET, TOKEN, workspace
from .slack_twin import Slack as Twin
from .twin import HERE, until

NOW = datetime.now(UTC)
PATHS = ("/slack/interactions", "/slack/commands", "/slack/events")


@contextmanager
def house(
    folder: Path, slack: Twin, secret: str | None = SECRET, workspaces: tuple[str, ...] = ()
) -> Iterator[tuple[TestClient, IncidentService]]:
    """A whole OnRecall that tells the twin and hears it."""
    store = Storage.open(f"sqlite:///{folder / 'onrecall.db'}")
    api = Api(TOKEN, f"{slack.address}/api/", pace=0)
    channel = SlackBot(api, ChannelRouting(CHANNEL), Links())
    recall = Retriever(store, None, LocalIndex(store.passages, None))
    memory = IncidentService(Dependencies(store, recall, lambda: datetime.now(UTC), channels=(channel,)))
    app = SlackApp(secret, api, HERE, Links("https://recall.example.com"), frozenset(workspaces)) if secret else None
    worker = Worker(memory)
    status = lambda: build_report(memory, ComponentStatus(name="meaning", state="ok", detail=""))  # noqa: E731
    with TestClient(create(memory, worker, status, Access(slack=app)), "http://slack.example") as client:
        yield client, memory
    store.close()


@pytest.fixture
def slack() -> Iterator[Twin]:
    with workspace() as opened:
        yield opened


@pytest.fixture
def slack_app(tmp_path: Path, slack: Twin) -> Iterator[tuple[TestClient, IncidentService]]:
    """An incident like an earlier one is told, with its steps in the thread."""
    with house(tmp_path, slack) as (client, memory):
        open_like_an_earlier_one(memory, slack)
        yield client, memory


def open_like_an_earlier_one(memory: IncidentService, slack: Twin) -> None:
    """Open an incident like an earlier one, and wait until Slack is told."""
    memory.dispatchers[0].run_once()
    steps = (
        ResolutionStep("Look at the pool", "kubectl get pods -n auth"),
        ResolutionStep("Restart the auth deployment", "kubectl rollout restart deployment/auth -n auth"),
    )
    earlier = Incident(
        "OLD-1",
        "Pool exhausted in auth",
        NOW - timedelta(days=3),
        "connection pool exhausted",
        "auth",
        resolution=Resolution("A leak of connections", NOW - timedelta(days=2), "pool-leak", steps),
    )
    memory.import_history([earlier])  # of which nobody is told, however late the dispatcher comes
    memory.open(Incident("NEW-1", "Pool exhausted in auth", datetime.now(UTC), "connection pool exhausted", "auth"))
    until(lambda: bool(slack.roots()) and len(slack.thread(slack.roots()[0]["ts"])) > 0, 30)


def outcomes(memory: IncidentService) -> tuple[RecommendationOutcome, ...]:
    return memory.store.outcomes.of_recommendation(memory.store.recommendations.newest("NEW-1").id)


def test_a_button_that_is_delivered_thrice_is_one_outcome(
    slack_app: tuple[TestClient, IncidentService], slack: Twin
) -> None:
    client, memory = slack_app
    answers = slack.press(client, slack.roots()[0], "It helped", times=3)
    assert [response.status_code for response in answers] == [200] * 3
    (outcome,) = outcomes(memory)
    assert (outcome.verdict, outcome.by) == ("helped", "slack:U0ANN")
    rated = [event for event in memory.store.events.timeline("NEW-1") if event.type == "rated"]
    assert len(rated) == 1
    until(lambda: len(slack.whispers) == 3, 10)
    assert slack.whispers[0]["response_type"] == "ephemeral"


def test_minds_may_change_and_an_old_press_that_comes_late_changes_nothing(slack_app, slack: Twin) -> None:
    client, memory = slack_app
    first = time.time()
    slack.press(client, slack.roots()[0], "It helped", at=first)
    slack.press(client, slack.roots()[0], "It did not help", at=first + 0.001)
    slack.press(client, slack.roots()[0], "It helped", at=first)
    (outcome,) = outcomes(memory)
    assert outcome.verdict == "did_not_help"


def test_steps_are_marked_and_the_window_is_filled_in_and_resolves(slack_app, slack: Twin) -> None:
    client, memory = slack_app
    (details,) = slack.thread(slack.roots()[0]["ts"])
    slack.press(client, details, "This fixed it", times=2)
    (outcome,) = outcomes(memory)
    assert (outcome.verdict, outcome.steps) == ("helped", (StepVerdict(1, "worked"),))
    slack.press(client, slack.roots()[0], "Resolve…")
    (view,) = slack.views
    assert slack_limits.view(view) == []
    fields = {block["block_id"]: block["element"] for block in view["blocks"]}
    assert "initial_value" not in fields["root_cause"]  # nobody confirms a cause that he has not read
    suggested_cause = fields["suggested"]["options"][0]["description"]["text"]
    assert memory.store.recommendations.newest("NEW-1").cause.startswith(suggested_cause.rstrip("…"))
    assert [option["value"] for option in fields["worked"]["initial_options"]] == ["1"]
    assert "initial_options" not in fields["did_not_help"]
    typed = {"suggested": ["1"], "did_not_help": ["2"], "other": "Raised the limit\n\n"}
    answers = slack.submit(client, view, typed, times=2)
    assert [response.json() for response in answers] == [{"response_action": "clear"}] * 2
    incident = memory.store.incidents.get("NEW-1")
    assert (incident.status, incident.resolution.by) == ("resolved", "slack:U0ANN")
    assert (incident.resolution.root_cause, incident.resolution.cause_origin) == ("A leak of connections", "taken_over")
    assert incident.resolution.steps[0].outcome == "worked"
    assert incident.resolution.steps[-1].text == "Raised the limit"
    assert len(memory.store.incidents.resolutions("NEW-1")) == 1
    until(lambda: slack.roots()[0]["blocks"][0]["text"]["text"] == "Resolved", 30)
    assert len(slack.roots()) == 1
    assert slack.refused == []


def test_a_window_that_is_wrong_says_where(slack_app, slack: Twin) -> None:
    client, memory = slack_app
    slack.press(client, slack.roots()[0], "Resolve…")
    (view,) = slack.views
    (answer,) = slack.submit(client, view, {"root_cause": "  "})
    assert answer.json() == {"response_action": "errors", "errors": {"root_cause": "say what was wrong"}}
    (answer,) = slack.submit(client, view, {"root_cause": "A leak", "worked": ["1"], "did_not_help": ["1"]})
    assert "did_not_help" in answer.json()["errors"]
    assert memory.store.incidents.get("NEW-1").status != "resolved"


def test_a_cause_that_is_typed_is_kept_as_written(slack_app, slack: Twin) -> None:
    client, memory = slack_app
    slack.press(client, slack.roots()[0], "Resolve…")
    (view,) = slack.views
    (answer,) = slack.submit(client, view, {"root_cause": "A job without end", "suggested": ["1"]})
    assert answer.json() == {"response_action": "clear"}
    resolution = memory.store.incidents.get("NEW-1").resolution
    assert (resolution.root_cause, resolution.cause_origin) == ("A job without end", "written")


@pytest.mark.parametrize(
    ("button", "state"), [("Confirm suggestion", "confirmed"), ("Dismiss suggestion", "dismissed")]
)
def test_what_a_sender_suggests_is_decided_with_a_button(slack_app, slack: Twin, button: str, state: str) -> None:
    client, memory = slack_app
    incident = memory.store.incidents.get("NEW-1")
    note = StoredNote(
        "pagerduty", "n1", "note", "k", NOW, "pagerduty: Ann", "Restarted it; resolved", "NEW-1", waiting=False
    )
    suggested = memory.suggestions.suggest_resolution(incident, note, resolution_from_text(note, datetime.now(UTC)))
    over = replace(incident, status="resolved", resolved_at=datetime.now(UTC))
    news = IncidentUpdate("resolved", "NEW-1", 1, NOW, suggestions=(suggested,))
    message = slack_message.root_message(over, memory.store.recommendations.newest("NEW-1"), news, Links())
    assert slack_limits.message(message) == []
    assert "Suggested by pagerduty: Ann, not confirmed: Restarted it; resolved" in json.dumps(message)
    slack.press(client, {"ts": slack.roots()[0]["ts"], **message}, button, times=2)
    decided = memory.store.suggestions.get(suggested.id)
    assert (decided.state, decided.decided_by) == (state, "slack:U0ANN")
    learned = memory.store.incidents.get("NEW-1").resolution
    assert (learned.by if learned else None) == ("slack:U0ANN" if state == "confirmed" else None)
    until(lambda: any(state[:7] in whisper["text"].lower() for whisper in slack.whispers), 10)


def test_what_is_written_in_slack_becomes_nothing(slack_app, slack: Twin) -> None:
    client, memory = slack_app
    before = (len(memory.store.events.feed(0, 1000)), memory.store.health.counts())
    text = "Root cause: wrong rows. Fixed by `DROP TABLE orders`; resolved"
    assert slack.command(client, text).status_code == 200
    assert slack.mention(client, text, "Ev9").status_code == 200
    until(lambda: bool(slack.thread(slack.roots()[-1]["ts"])), 30)
    assert (len(memory.store.events.feed(0, 1000)), memory.store.health.counts()) == before
    assert memory.store.suggestions.page().items == ()


def test_the_command_is_answered_to_who_asked_alone(slack_app, slack: Twin) -> None:
    client, memory = slack_app
    before = len(memory.store.events.feed(0, 1000))
    response = slack.command(client, "Pool exhausted in auth\nconnection pool exhausted &lt;now&gt;").json()
    assert response["response_type"] == "ephemeral"
    assert slack_limits.message(response) == []
    assert slack_limits.alive(response) == []
    assert "A leak of connections" in json.dumps(response)
    assert "/recall" in slack.command(client, "  ").json()["text"]
    assert len(memory.store.events.feed(0, 1000)) == before, "asking writes nothing"


def test_a_mention_is_answered_once_in_its_thread(slack_app, slack: Twin, tmp_path: Path) -> None:
    client, _ = slack_app
    for n in range(3):
        root = slack.roots()[0]["ts"]
        assert slack.mention(client, "pool exhausted in auth", "Ev1", retry=n, thread=root).status_code == 200
    answers = [message for message in slack.thread(root) if message["metadata"]["event_type"] == "onrecall_answer"]
    assert len(answers) == 1
    with house(tmp_path, slack) as (again, _):  # another process, which has not heard of it
        slack.mention(again, "pool exhausted in auth", "Ev1", retry=3, thread=root)
    assert (
        len([message for message in slack.thread(root) if message["metadata"]["event_type"] == "onrecall_answer"]) == 1
    )


@pytest.mark.parametrize("scopes", [{"chat:write", "assistant:write"}, {"chat:write"}])
def test_a_message_to_the_app_is_answered_once_in_its_thread(slack_app, slack: Twin, scopes: set[str]) -> None:
    client, memory = slack_app
    slack.scopes = scopes | {"channels:history"}
    before = (len(memory.store.events.feed(0, 1000)), memory.store.health.counts())
    for retry in range(3):
        assert slack.write_to_app(client, "pool exhausted in auth", "EvD", retry).status_code == 200
    (root,) = slack.roots(DIRECT)
    (answer,) = slack.thread(root["ts"], DIRECT)
    assert "A leak of connections" in json.dumps(answer)
    assert [call["thread_ts"] for call in slack.made("assistant.threads.setStatus")] == [root["ts"]]
    assert (len(memory.store.events.feed(0, 1000)), memory.store.health.counts()) == before, "asking writes nothing"


def test_what_bots_and_edits_write_is_not_answered(slack_app, slack: Twin) -> None:
    client, _ = slack_app
    posted = len(slack.made("chat.postMessage"))
    for n, more in enumerate(({"bot_id": "B1"}, {"subtype": "message_changed"}, {"channel_type": "channel"})):
        assert slack.write_to_app(client, "pool exhausted in auth", f"EvB{n}", **more).status_code == 200
    assert len(slack.made("chat.postMessage")) == posted


def test_a_conversation_offers_open_incidents_as_questions(slack_app, slack: Twin) -> None:
    client, memory = slack_app
    assert slack.open_assistant(client).status_code == 200
    (call,) = slack.made("assistant.threads.setSuggestedPrompts")
    assert call["thread_ts"] == slack.roots(DIRECT)[0]["ts"]
    incident = memory.store.incidents.get("NEW-1")
    assert [(prompt["title"], prompt["message"]) for prompt in call["prompts"]] == [
        (f"NEW-1: {incident.title}", " ".join(incident.text.split()))
    ]


def test_slack_asks_whether_the_address_is_ours(slack_app, slack: Twin) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    assert slack.deliver(slack_app[0], "/slack/events", body, "application/json").json() == {"challenge": "abc"}


@pytest.mark.parametrize("path", PATHS)
def test_only_what_slack_signed_and_just_now(slack_app, slack: Twin, path: str) -> None:
    client, _ = slack_app
    assert client.post(path, content=b"{}").status_code == 403
    assert slack.deliver(client, path, b"{}", secret="another secret of somebody").status_code == 403
    assert slack.deliver(client, path, b"{}", at=time.time() - 301).status_code == 403
    assert slack.deliver(client, path, b"{}", at=time.time() + 301).status_code == 403
    assert slack.deliver(client, path, b"\xff{", at=time.time() - 290).status_code == 422 or path == "/slack/commands"
    bad = {"x-slack-request-timestamp": str(int(time.time())), "x-slack-signature": "v0=" + "0" * 64}
    assert client.post(path, content=b"{}", headers=bad).status_code == 403


@pytest.mark.parametrize("path", PATHS)
def test_without_a_secret_nothing_is_heard(tmp_path: Path, slack: Twin, path: str) -> None:
    with house(tmp_path, slack, secret=None) as (client, _):
        assert slack.deliver(client, path, b"{}", secret="").status_code == 403


def test_people_of_other_companies_in_a_shared_channel_may_not(slack_app, slack: Twin) -> None:
    client, memory = slack_app
    (answer,) = slack.press(client, slack.roots()[0], "It helped", user={"id": "U0EVE", "team_id": "T9"})
    assert answer.status_code == 403
    (answer,) = slack.press(client, slack.roots()[0], "It helped", user={})
    assert answer.status_code == 422
    assert outcomes(memory) == ()


def test_an_organization_lets_in_the_workspaces_that_the_operator_names_and_no_others(
    tmp_path: Path, slack: Twin
) -> None:
    grid = {"enterprise": {"id": "E0", "name": "Shop"}}
    with house(tmp_path, slack, workspaces=("T1",)) as (client, memory):
        open_like_an_earlier_one(memory, slack)
        root = slack.roots()[0]
        for user in ({"id": "U0EVE", "team_id": "T9"}, {"id": "U0EVE", "team_id": ["T1"]}):
            (answer,) = slack.press(client, root, "It helped", user=user, **grid)
            assert answer.status_code == 403
            assert "ONRECALL_SLACK_WORKSPACES" in answer.text
        (answer,) = slack.press(client, root, "It helped", user={"id": "U0EVE", "team_id": "T9"}, team=None, **grid)
        assert answer.status_code == 403
        assert outcomes(memory) == ()
        (answer,) = slack.press(client, root, "It helped", user={"id": "U0ANN", "team_id": "T1"}, **grid)
        assert answer.status_code == 200
        assert [outcome.by for outcome in outcomes(memory)] == ["slack:U0ANN"]


@pytest.mark.parametrize("payload", ["[]", "{", "null", '{"type":"block_actions"}', '{"type":"view_submission","user":{"id":"U0A"}}',
    '{"type":"block_actions","user":{"id":"U0A"},"actions":[{"action_id":"helped","value":"{}","action_ts":"1"}]}',
    '{"type":"block_actions","user":{"id":"U0A"},"actions":[{"action_id":"helped","value":"{\\"r\\":\\"x\\"}","action_ts":"inf"}]}'])  # fmt: skip
def test_what_slack_would_not_send_is_an_error_and_not_a_crash(slack_app, slack: Twin, payload: str) -> None:
    answer = slack.deliver(
        slack_app[0], "/slack/interactions", httpx.QueryParams({"payload": payload}).__str__().encode()
    )
    assert answer.status_code in (200, 422), answer.text


def test_presses_add_up() -> None:
    at = NOW
    vote = merge_vote(StepVote("r", True, 1, at, "slack:U"), None)
    two = merge_vote(StepVote("r", False, 2, at + timedelta(seconds=1), "slack:U"), vote)
    assert (two.verdict, [s.outcome for s in two.steps]) == ("helped", ["worked", "did_not_help"])
    assert merge_vote(StepVote("r", True, 1, at, "slack:U"), two) is None, "it comes again"
    late = merge_vote(StepVote("r", False, 3, at, "slack:U"), two)
    assert len(late.steps) == 3, "of another step, though it comes late"
