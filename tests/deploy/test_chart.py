"""The chart as files: its values, its schema, and what it names of the product. `make deploy-check` renders it."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from onrecall import __version__
from onrecall.cli.command_table import COMMANDS
from onrecall.http.roles import ROUTES
from onrecall.settings import PREFIX, Settings

CHART = Path(__file__).parents[2] / "deploy/helm/onrecall"
VALUES = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
SCHEMA = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
TEMPLATES = {path.name: path.read_text(encoding="utf-8") for path in (CHART / "templates").iterdir()}
CASES = sorted((CHART / "ci").glob("*.yaml"))
VARIABLES = {PREFIX + name.upper() for name in Settings.model_fields}


def merged(defaults, own):
    """Values as Helm merges them: maps by key, everything else replaced."""
    if not isinstance(defaults, dict) or not isinstance(own, dict):
        return own
    return {**defaults, **{key: merged(defaults.get(key), value) for key, value in own.items()}}


def is_valid(values):
    return jsonschema.Draft7Validator(SCHEMA).is_valid(values)


def test_the_chart_is_of_this_version():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert (chart["version"], str(chart["appVersion"])) == (__version__, __version__)


def test_defaults_are_described_and_valid():
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert is_valid(VALUES)
    assert VALUES.keys() == SCHEMA["properties"].keys() - {"global"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_values_of_each_case_are_valid_and_name_settings_that_exist(case):
    values = merged(VALUES, yaml.safe_load(case.read_text(encoding="utf-8")))
    jsonschema.validate(values, SCHEMA)
    assert values["settings"].keys() | values["secrets"]["files"].keys() <= VARIABLES


def test_there_is_a_case_for_each_way_to_run_it():
    assert [case.stem for case in CASES] == ["full", "postgres", "sqlite"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"settings": {"ONRECALL_SLACK_BOT_TOKEN": "xoxb-1"}},
        {"settings": {"ONRECALL_DATABASE_URL": "postgresql://u:p@h/d"}},
        {"settings": {"ONRECALL_PORT": 9000}},
        {"settings": {"PORT": 9000}},
        {"database": "mysql"},
        {"serve": {"replica": 2}},
        {"secrets": {"existingSecret": "", "files": {}}},
        {"servicemonitor": {"enabled": True}},
    ],
    ids=str,
)
def test_wrong_values_are_refused(wrong):
    assert not is_valid(merged(VALUES, wrong))


def test_secrets_come_from_files_and_nothing_else_does():
    from_files = {
        PREFIX + name.upper()
        for name, field in Settings.model_fields.items()
        if "SecretStr" in str(field.annotation) or field.json_schema_extra
    }
    for name in VARIABLES:
        plain = is_valid(merged(VALUES, {"settings": {name: "x"}}))
        mounted = is_valid(merged(VALUES, {"secrets": {"files": {name: "x"}}}))
        assert mounted == (name in from_files), name
        assert plain == (name not in from_files | {"ONRECALL_DATA_DIR", "ONRECALL_HOST", "ONRECALL_PORT"}), name


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_a_template_uses_only_values_that_have_a_default(name):
    for path in re.findall(r"\.Values\.([A-Za-z.]+)", TEMPLATES[name]):
        found = VALUES
        for part in path.split("."):
            if part.startswith("ONRECALL"):
                break
            assert part in found, f"{name} uses .Values.{path}"
            found = found[part]


def test_pods_run_commands_and_probe_routes_that_exist():
    text = "\n".join(TEMPLATES.values())
    commands = set(re.findall(r'"arguments" \(list "([a-z]+)"', text))
    assert commands == {"serve", "worker", "kafka"}
    assert commands <= {entry.name for entry in COMMANDS}
    for path in re.findall(r"httpGet: \{path: (\S+),", text) + re.findall(r"^ +path: (/metrics)$", text, re.MULTILINE):
        assert f"GET {path}" in ROUTES
    assert set(re.findall(r"containerPort: (\d+)", text)) == {str(Settings.model_fields["port"].default)}


def test_pods_are_confined():
    text = TEMPLATES["_helpers.tpl"]
    for line in (
        "runAsNonRoot: true",
        "readOnlyRootFilesystem: true",
        "allowPrivilegeEscalation: false",
        "capabilities: {drop: [ALL]}",
        "seccompProfile: {type: RuntimeDefault}",
        "automountServiceAccountToken: false",
    ):
        assert line in text
