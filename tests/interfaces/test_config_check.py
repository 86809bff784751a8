"""`onrecall config check` and the groups of `doctor`: what is wrong is named first, and no secret is printed."""

import json

import pytest
from typer.testing import CliRunner

from onrecall.bootstrap.config_check import check_config
from onrecall.bootstrap.status import ComponentStatus, StatusReport
from onrecall.cli.doctor_report import diagnosis_of
from onrecall.cli.main import app


@pytest.fixture
def check(monkeypatch):
    """Check an environment that has these variables; returns (level, variable, message) of each finding."""

    def run(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(f"ONRECALL_{name}", value)
        return [(finding.level, finding.variable, finding.message) for finding in check_config().findings]

    return run


def test_an_environment_without_settings_is_fine(check):
    assert check() == []


@pytest.mark.parametrize(
    ("name", "level", "words"),
    [
        ("SLACK_CHANEL", "error", "did you mean ONRECALL_SLACK_CHANNEL?"),
        ("GROQ_KEY_FIEL", "error", "did you mean ONRECALL_GROQ_KEY_FILE?"),
        ("ZEBRA_STRIPES", "warning", "the nearest is ONRECALL_"),
        ("HOST_FILE", "error", "set ONRECALL_HOST itself"),
        ("SERVICE_HOST", "warning", "enableServiceLinks: false"),
        ("SETTLE_SECONDS", "error", "it is now ONRECALL_GROUP_WAIT_SECONDS"),
    ],
)
def test_a_name_that_nothing_reads_is_named_with_what_was_likely_meant(check, name, level, words):
    ((found, variable, message),) = check(**{name: "1"})
    assert (found, variable) == (level, f"ONRECALL_{name}")
    assert words in message


def test_every_wrong_value_is_named_at_once(check):
    found = check(PORT="tcp://10.0.0.9:80", SMTP_PORT="0", CORS_ORIGINS="wiki")
    assert {variable for level, variable, _ in found if level == "error"} == {
        "ONRECALL_PORT",
        "ONRECALL_SMTP_PORT",
        "ONRECALL_CORS_ORIGINS",
    }
    assert "Kubernetes" in next(message for _, variable, message in found if variable == "ONRECALL_PORT")


def test_what_the_parts_refuse_is_named_of_each_part(check, tmp_path):
    found = check(
        DATABASE_URL="mysql://me:hunter2@db/x",
        DEPENDENCIES=str(tmp_path / "none.yaml"),
        SLACK_CHANNEL="C0123456789",
        HEARTBEATS="default=soon",
    )
    assert [variable for level, variable, _ in found if level == "error"] == [
        "ONRECALL_DATABASE_URL",
        "ONRECALL_SLACK_BOT_TOKEN",
        "ONRECALL_HEARTBEATS",
        "ONRECALL_DEPENDENCIES",
    ]
    assert "hunter2" not in str(check_config())


def test_a_setting_that_the_others_leave_without_effect_is_named(check, tmp_path):
    key = tmp_path / "key"
    key.write_text("from-a-file", encoding="utf-8")
    found = check(SMTP_USER="ada", KAFKA_GROUP="night", LLM_KEY="k", LLM_KEY_FILE=str(key), HINDSIGHT_BANK="ops")
    assert {(level, variable) for level, variable, _ in found} == {
        ("warning", f"ONRECALL_{name}") for name in ("SMTP_USER", "KAFKA_GROUP", "LLM_KEY", "HINDSIGHT_BANK")
    }
    assert sum(variable == "ONRECALL_LLM_KEY" for _, variable, _ in found) == 2, "set twice, and used by no model"


def test_the_command_says_where_values_come_from_masks_secrets_and_ends_with_1(monkeypatch, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("hunter2-hunter2-hunter2", encoding="utf-8")
    monkeypatch.setenv("ONRECALL_WEBHOOK_SECRET_FILE", str(secret))
    monkeypatch.setenv("ONRECALL_PORT", "8080")
    fine = CliRunner().invoke(app, ["config", "check"])
    assert fine.exit_code == 0
    assert f"file {secret}" in fine.output
    assert "hunter2" not in fine.output
    monkeypatch.setenv("ONRECALL_PORTT", "8081")
    wrong = CliRunner().invoke(app, ["config", "check", "--json"])
    assert wrong.exit_code == 1
    report = json.loads(wrong.stdout)
    assert [error["variable"] for error in report["errors"]] == ["ONRECALL_PORTT"]
    origins = {setting["variable"]: (setting["value"], setting["origin"]) for setting in report["settings"]}
    assert origins["ONRECALL_PORT"] == ("8080", "environment")
    assert origins["ONRECALL_HOST"] == ("127.0.0.1", "default")


def test_a_database_that_a_file_names_comes_from_that_file(check, tmp_path):
    url = tmp_path / "url"
    url.write_text("postgresql://ada:hunter2@db/recall\n", encoding="utf-8")
    assert check(DATABASE_URL_FILE=str(url)) == []
    (setting,) = (setting for setting in check_config().settings if setting.variable == "ONRECALL_DATABASE_URL")
    assert (setting.value, setting.origin) == ("postgresql://ada:***@db/recall", f"file {url}")
    ((level, variable, message),) = check(DATABASE_URL="sqlite:///other.db")
    assert (level, variable) == ("warning", "ONRECALL_DATABASE_URL")
    assert "the file is not read" in message


def test_a_diagnosis_has_what_matters_first():
    parts = [
        ComponentStatus(name="store", state="ok", detail="fine"),
        ComponentStatus(name="mail", state="degraded", detail="waits"),
        ComponentStatus(name="queue", state="degraded", detail="stands still", ready=False),
        ComponentStatus(name="kafka", state="down", detail="unreachable"),
    ]
    report = StatusReport(version="0", state="down", parts=parts, counts={})
    groups = diagnosis_of(report, ["a row is damaged"], ["ONRECALL_X: no such setting"]).as_json()
    assert list(groups) == ["failures", "warnings", "fine"]
    assert groups["failures"] == ["queue: stands still", "kafka: unreachable", "a row is damaged"]
    assert groups["warnings"] == ["mail: waits", "ONRECALL_X: no such setting"]
    assert groups["fine"] == ["store: fine"]
