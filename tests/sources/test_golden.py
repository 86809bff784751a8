"""Every tool's payloads say what is written down of them, and a tool is known by its payload wherever it is posted."""

import json

import pytest

from onrecall.domain.alert import Alert
from onrecall.sources import SOURCES, WebhookRequest
from sources.golden import CASES, EXPECTED, FOLDER, NOW, expected, files

TOOLS = [name for name in SOURCES if name != "generic"]
READ_BY_DATA = [name for name in TOOLS if (found := SOURCES.definition(name)) and not found.parser]
NO_END = {
    "elastalert",
    "graylog",
    "splunk",
    "wazuh",
    "falco",
    "kubernetes-events",
    "aws-rds",
    "aws-backup",
    "aws-eventbridge",
}
NO_TEST = {"argo-cd", "jenkins"}
NO_CHANGE = {"aws-backup"}
KNOWN_AS = {"signoz": "alertmanager", "aws-backup": "cloudwatch"}
"""Tools that send another one's form, or in another one's envelope."""


@pytest.mark.parametrize("name", TOOLS)
def test_what_a_payload_says_is_what_is_written_down(name):
    written = json.loads((EXPECTED / f"{name}.json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps(expected(name))) == written


def test_nothing_is_written_down_that_is_no_tool():
    assert {path.stem for path in EXPECTED.glob("*.json")} <= set(TOOLS)


@pytest.mark.parametrize("name", READ_BY_DATA)
def test_a_tool_has_a_payload_of_each_kind(name):
    there = {path.stem for path in files(name)}
    wanted = set(CASES)
    for kind, without in (("resolved", NO_END), ("test", NO_TEST), ("change", NO_CHANGE)):
        wanted -= {kind} if name in without else set()
    assert wanted <= there


@pytest.mark.parametrize("name", READ_BY_DATA)
def test_a_change_is_about_the_same_alert_and_an_end_ends_it(name):
    told = {path.stem: _alerts(name, path) for path in files(name)}
    (firing,) = told["firing"][:1]
    assert firing.status == "firing"
    if "change" in told:
        assert [alert.key for alert in told["change"]] == [firing.key]
        assert told["change"][0].status == "firing"
    if "resolved" in told:
        assert [(alert.key, alert.status) for alert in told["resolved"]] == [(firing.key, "resolved")]
    else:
        assert firing.expires_after, "nothing would ever end it"


@pytest.mark.parametrize("name", [name for name in READ_BY_DATA if name not in NO_TEST])
def test_a_test_is_known_and_never_touches_the_alert_that_it_looks_like(name):
    told = {path.stem: _alerts(name, path) for path in files(name)}
    assert told["test"]
    for alert in told["test"]:
        assert alert.purpose == "test"
        assert alert.purpose_reason
        assert alert.key.startswith("test:")
        assert alert.status == "resolved" or alert.expires_after


@pytest.mark.parametrize("name", TOOLS)
def test_at_generic_a_payload_is_known_as_its_tools_or_as_nobodys(name):
    for path in files(name):
        if path.suffix != ".json" or path.stem == "least":
            continue
        found = SOURCES.recognise(json.loads(path.read_bytes()))
        known = (name, KNOWN_AS.get(name), *SOURCES.definition(name).relays)
        assert found is None or found[0].name in known, path.name


@pytest.mark.parametrize("name", [name for name in READ_BY_DATA if name != "incident-io"])
def test_at_generic_the_firing_payload_of_a_tool_is_surely_known(name):
    path = next(path for path in files(name) if path.stem == "firing")
    (alert, *_) = SOURCES["generic"].parse(WebhookRequest(path.read_bytes()), NOW).signals
    assert alert.source == KNOWN_AS.get(name, name)


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_has_configuration_to_paste_and_its_documentation(name):
    definition = SOURCES.definition(name)
    assert definition
    assert len(definition.setup) > 60
    assert definition.documentation or name == "anomaly"
    comment = (FOLDER.parents[2] / "src/onrecall/sources/definitions" / f"{name}.yaml").read_text(encoding="utf-8")
    assert comment.startswith("# "), "say where the payload is known from"


def _alerts(name, path):
    signals = SOURCES[name].parse(WebhookRequest(path.read_bytes()), NOW).signals
    return [signal for signal in signals if isinstance(signal, Alert)]
