"""Which settings a team has: those of the installation, its own, and none that leads to other people."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from onrecall.bootstrap import teams
from onrecall.bootstrap.app import open_storage, settings
from onrecall.bootstrap.config_check import check_config
from onrecall.cli.command_table import split_team
from onrecall.cli.main import app
from onrecall.domain.errors import Invalid, NotFound
from onrecall.settings import Settings

LEADING_OUT = ("slack", "smtp", "webhook", "teams_url", "kafka", "hindsight", "admin_key", "sns", "otlp_endpoint")


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path))
    for name in ("payments", "search"):
        teams.add_team(teams.installation_settings(), name)
    return teams.installation_settings()


def test_every_setting_that_leads_to_people_is_a_teams_own() -> None:
    leading = {name for name in Settings.model_fields if name.startswith(LEADING_OUT)}
    assert leading <= set(teams.NEVER_INHERITED)


def test_a_team_has_the_installations_settings_and_its_own_above(
    installation: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hush-hush-hush-hush\n")
    monkeypatch.setenv("ONRECALL_SLACK_CHANNEL", "C0EVERYBODY")
    monkeypatch.setenv("ONRECALL_GROUP_WAIT_SECONDS", "7")
    monkeypatch.setenv("ONRECALL_TEAM_PAYMENTS__SLACK_CHANNEL", "C0PAYMENTS")
    monkeypatch.setenv("ONRECALL_TEAM_PAYMENTS__WEBHOOK_SECRET_FILE", str(secret))
    installation = teams.installation_settings()
    payments, search = (teams.team_settings(installation, name) for name in ("payments", "search"))
    assert (payments.slack_channel, search.slack_channel) == ("C0PAYMENTS", None)
    assert payments.webhook_secret is not None
    assert payments.webhook_secret.get_secret_value() == "hush-hush-hush-hush"
    assert payments.group_wait_seconds == search.group_wait_seconds == 7
    assert len({installation.database, payments.database, search.database}) == 3
    assert len({installation.data_dir, payments.data_dir, search.data_dir}) == 3
    assert len({installation.opensearch_index, payments.opensearch_index, search.opensearch_index}) == 3


def test_where_a_teams_data_is_can_not_be_set(installation: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONRECALL_TEAM_SEARCH__DATABASE_URL", installation.database)
    with pytest.raises(Invalid, match="ONRECALL_TEAM_SEARCH__DATABASE_URL"):
        teams.team_settings(installation, "search")


@pytest.mark.parametrize("name", ["Payments", "a-b", "../payments", "default", "", "x" * 31, "1st"])
def test_a_name_that_is_none_is_refused(installation: Settings, name: str) -> None:
    with pytest.raises(Invalid, match="team"):
        teams.add_team(installation, name)
    assert teams.team_names(installation) == ("payments", "search")


def test_the_variable_chooses_the_store_and_an_unknown_team_is_named(
    installation: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONRECALL_TEAM", "payments")
    with open_storage() as store:
        store.audit.record("archive exported", "payments")
    monkeypatch.setenv("ONRECALL_TEAM", "default")
    assert settings().database == installation.database
    with open_storage() as store:
        assert store.audit.page().items == ()
    monkeypatch.setenv("ONRECALL_TEAM", "nobody")
    with pytest.raises(NotFound, match="payments, search"):
        settings()


@pytest.mark.parametrize(
    ("arguments", "team", "remaining"),
    [
        (["--team", "a", "keys", "list"], "a", ["keys", "list"]),
        (["keys", "list", "--team=a", "--json"], "a", ["keys", "list", "--json"]),
        (["ask", "--", "--team", "a"], None, ["ask", "--", "--team", "a"]),
        (["ask", "x"], None, ["ask", "x"]),
    ],
)
def test_the_option_may_stand_anywhere(arguments: list[str], team: str | None, remaining: list[str]) -> None:
    assert split_team(arguments) == (team, remaining)


def test_commands_use_the_store_of_the_team_and_leave_the_environment(installation: Settings) -> None:
    run = CliRunner()
    made = json.loads(run.invoke(app, ["keys", "create", "pat", "--team", "payments", "--json"]).output)
    assert made["name"] == "pat"
    assert "ONRECALL_TEAM" not in os.environ
    listed = json.loads(run.invoke(app, ["teams", "list", "--json"]).output)["items"]
    assert {row["team"]: row["keys"] for row in listed} == {"default": 0, "payments": 1, "search": 0}
    refused = run.invoke(app, ["teams", "remove", "payments"], input="")
    assert refused.exit_code != 0
    assert run.invoke(app, ["teams", "remove", "payments", "--yes"]).exit_code == 0
    assert run.invoke(app, ["teams", "remove", "search"]).exit_code == 0, "an empty one goes without a question"
    assert teams.team_names(installation) == ()


def test_backups_of_all_stores_are_restored_into_their_teams(installation: Settings, tmp_path: Path) -> None:
    run = CliRunner()
    run.invoke(app, ["keys", "create", "pat", "--team", "payments"])
    folder = tmp_path / "backups"
    assert run.invoke(app, ["teams", "backup", str(folder)]).exit_code == 0
    assert sorted(file.name for file in folder.iterdir()) == ["default.backup", "payments.backup", "search.backup"]
    assert run.invoke(app, ["teams", "remove", "payments", "--yes"]).exit_code == 0
    assert run.invoke(app, ["teams", "add", "payments"]).exit_code == 0
    assert run.invoke(app, ["restore", str(folder / "payments.backup"), "--team", "payments"]).exit_code == 0
    assert run.invoke(app, ["teams", "verify"]).exit_code == 0
    keys = json.loads(run.invoke(app, ["keys", "list", "--team", "payments", "--json"]).output)["items"]
    assert [key["name"] for key in keys] == ["pat"]
    assert json.loads(run.invoke(app, ["keys", "list", "--json"]).output)["items"] == []


def test_config_check_knows_the_variables_of_teams() -> None:
    environment = {"ONRECALL_TEAM_PAYMENTS__SLACK_CHANNEL": "C0123456789", "ONRECALL_TEAM_SEARCH__SLACK_CHANEL": "C1"}
    named = [finding.variable for finding in check_config(environment).findings]
    assert named == ["ONRECALL_TEAM_SEARCH__SLACK_CHANEL"]
