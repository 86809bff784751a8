"""A server's own refusal decides how its model is asked, once; after that no request of that form is sent again."""

import pytest
import refusing_servers as servers
from seen_before import DESCRIPTION

from onrecall.domain.situation import make_situation
from onrecall.recommendation.llm.answer_schema import SCHEMA
from onrecall.recommendation.llm.providers import RemoteModel

ASKED = make_situation(DESCRIPTION, "auth-service")

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)

TAKEN = {
    servers.lm_studio: ({"response_format", "max_tokens", "temperature"}, 0),
    servers.old_lm_studio: ({"max_tokens", "temperature"}, 2),
    servers.groq: ({"response_format", "max_tokens", "temperature"}, 1),
    servers.groq_not_strict: ({"response_format", "max_tokens", "temperature"}, 1),
    servers.ollama: ({"response_format", "max_tokens", "temperature"}, 1),
    servers.vllm: ({"response_format", "max_tokens"}, 1),
    servers.vllm_grammar: ({"response_format", "max_tokens", "temperature"}, 1),
    servers.llama_cpp: ({"response_format", "max_tokens", "temperature"}, 1),
    servers.gemma_template: ({"response_format", "max_tokens", "temperature"}, 1),
    servers.fast_api: ({"max_completion_tokens"}, 4),
    servers.reasoning: ({"response_format", "max_completion_tokens"}, 2),
    servers.everything: (set(), 6),
}


@pytest.mark.parametrize("server", TAKEN, ids=lambda server: server.__name__)
def test_what_a_server_refuses_is_left_out_and_never_sent_again(house_with, twin, server):
    twin.refuse = server
    memory = house_with("good")
    first = memory.ask(ASKED, refine=True)
    assert (first.composer, first.model) == ("llm", "openai-compatible:good"), first.route_reason
    accepted, refused = TAKEN[server]
    assert len(twin.requests) == refused + 1
    assert twin.requests[-1].keys() - {"model", "messages"} == accepted
    requests_before = len(twin.requests)
    assert memory.ask(ASKED, refine=True).composer == "llm"
    assert len(twin.requests) == requests_before + 1, "one question, one request"
    assert twin.requests[-1].keys() == twin.requests[-2].keys()
    assert sum(day.calls for day in memory.refiner.usage().days) == 2


def test_where_nothing_is_named_one_thing_after_the_other_is_left_out(house_with, twin):
    twin.refuse = servers.wordless
    memory = house_with("good")
    assert memory.ask(ASKED, refine=True).composer == "llm"
    requests_before = len(twin.requests)
    assert memory.ask(ASKED, refine=True).composer == "llm"
    assert len(twin.requests) == requests_before + 1


def test_the_firmest_format_comes_first_and_the_schema_is_one_that_servers_take(house_with, twin):
    assert house_with("good").ask(ASKED, refine=True).composer == "llm"
    (request,) = twin.requests
    asked_for = request["response_format"]
    assert (asked_for["type"], asked_for["json_schema"]["strict"]) == ("json_schema", True)
    assert asked_for["json_schema"]["schema"] == SCHEMA
    written = repr(SCHEMA)
    assert not [word for word in ("$ref", "$defs", "minLength", "maxItems", "default") if word in written]
    assert SCHEMA["required"] == ["cause", "explanation", "steps"]
    assert SCHEMA["properties"]["steps"]["items"]["required"] == ["step", "command", "why"]
    assert SCHEMA["properties"]["steps"]["items"]["additionalProperties"] is False


@pytest.mark.parametrize("model", ["gpt-4o-mini=good", "llama-3.3-70b-versatile=good"])
def test_openai_and_groq_are_asked_alike(house_with, twin, model):
    twin.refuse = servers.groq
    answer = house_with(model).ask(ASKED, refine=True)
    assert answer.composer == "llm"
    assert twin.requests[-1]["response_format"] == {"type": "json_object"}
    assert answer.cost_usd > 0
    assert ("max_completion_tokens" in twin.requests[-1]) == model.startswith("gpt")


def test_a_priced_model_is_never_asked_without_a_limit(house_with, twin):
    twin.refuse = servers.everything
    answer = house_with("gpt-4o-mini=good").ask(ASKED, refine=True)
    assert answer.composer == "extractive"
    assert "it takes no limit of its answer, which costs money" in answer.route_reason


def test_anthropic_is_asked_by_its_own_messages(house_with, twin):
    def refuse(body):
        if "output_config" not in body:
            return None
        message = "output_config.format: structured outputs are not supported by this model"
        return 400, {"type": "error", "error": {"type": "invalid_request_error", "message": message}}

    twin.refuse = refuse
    memory = house_with("good")
    root = twin.url.removesuffix("/v1")
    claude = RemoteModel("anthropic", "claude-sonnet-5", "key", root)
    twin.behaviours["claude-sonnet-5"] = "good"
    memory.refiner._models = type(memory.refiner._models)((("draft", claude),))
    for _ in range(2):
        answer = memory.ask(ASKED, refine=True)
        assert (answer.composer, answer.model) == ("llm", "anthropic:claude-sonnet-5"), answer.route_reason
        assert answer.cost_usd > 0
    assert twin.paths == ["/v1/messages"] * 3
    assert twin.requests[0]["output_config"]["format"] == {"type": "json_schema", "schema": SCHEMA}
    assert twin.headers[0]["Authorization"] == "Bearer key"


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (404, {"error": {"message": "model 'llama9' not found, try pulling it first"}}, "does not have this model"),
        (400, {"error": {"message": "The model `x` has been decommissioned"}}, "does not have this model"),
        (
            400,
            {"message": "This model's maximum context length is 2048 tokens. However, you requested 4000 tokens"},
            "its context is too small",
        ),
        (
            400,
            {"error": {"code": 400, "message": "request (4079 tokens) exceeds the available context size"}},
            "context",
        ),
        (401, {"error": {"message": "invalid api key in response_format"}}, "it answered 401"),
        (413, {"error": {"message": "Request too large for model"}}, "it answered 413"),
    ],
)
def test_what_no_other_form_can_mend_is_asked_once_and_says_why(house_with, twin, status, body, reason):
    twin.refuse = lambda _: (status, body)
    answer = house_with("good").ask(ASKED, refine=True)
    assert answer.composer == "extractive"
    assert reason in answer.route_reason
    assert len(twin.requests) == 1
    assert answer.cost_usd == 0


def test_a_server_that_refuses_everything_ends_in_time(house_with, twin):
    twin.refuse = lambda _: (400, {"error": "no"})
    answer = house_with("good").ask(ASKED, refine=True)
    assert answer.composer == "extractive"
    assert "it answered 400" in answer.route_reason
    assert len(twin.requests) <= 8


def test_json_that_groq_did_not_take_is_read_all_the_same(house_with, twin):
    def refuse(body):
        if body["response_format"]["type"] == "json_object":
            draft = '{"cause": "C1", "explanation": [], "steps": []}'
            error = {"message": "Failed to generate JSON", "code": "json_validate_failed", "failed_generation": draft}
            return 400, {"error": error}
        return servers.groq(body)

    twin.refuse = refuse
    answer = house_with("llama-3.3-70b-versatile=good").ask(ASKED, refine=True)
    assert "it has not the form that was asked for" in answer.route_reason
    assert len(twin.requests) == 2


AROUND = {
    "prose": "Here is my answer:\n\n{}\n\nI hope that {{helps}}.",
    "fence": "```json\n{}\n```",
    "fence in prose": "The cause is C1. {{See}}:\n```\n{}\n```\nDone.",
    "thoughts": '<think>\nMaybe {{"cause": "C9"}}? No.\n</think>\n\n{}',
    "thoughts without their first mark": 'I could say {{"cause": "C9", "steps": []}}.\n</think>{}',
    "a first try": '{{"cause": "C9", "explanation": [], "steps": []}}\nWait, better:\n{}',
    "an example of the form": 'The form is {{"text": "…", "cites": ["E1.4"]}}. So: {}',
}


@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
def test_the_json_is_found_in_what_a_model_writes_around_it(house_with, twin, around):
    twin.refuse = servers.old_lm_studio
    twin.wrap = around.format
    answer = house_with("good").ask(ASKED, refine=True)
    assert answer.composer == "llm", answer.route_reason


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("I can't help with that.", "it is not JSON"),
        ("{" * 3000, "it is not JSON"),
        ('{"a":' * 9000, "it is not JSON"),
        ('<think>{"cause": "C1"', "it is not JSON"),
        ("{}", "it has not the form"),
        ('{"answer": {"cause": "C1", "explanation": [], "steps": []}}', "it has not the form"),
        ("x" * 70_000, "it is too long"),
    ],
)
def test_what_holds_no_draft_is_none(house_with, twin, written, reason):
    twin.wrap = lambda _: written
    assert reason in house_with("good").ask(ASKED, refine=True).route_reason
