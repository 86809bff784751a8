"""PostgreSQL itself keeps teams apart."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url, text

from onrecall.bootstrap import teams
from onrecall.domain.errors import Forbidden, NotFound, Unavailable
from onrecall.settings import Settings
from onrecall.storage import Storage, postgres_teams

pytestmark = pytest.mark.postgres
SECRETS = ("payments", "search")


def plain_url(url: str) -> str:
    return make_url(url).difference_update_query(["onrecall_team"]).render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def installation(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An installation whose login is no superuser, with two teams."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("create role recall_app login createrole")
        connection.execute("create database recall_teams owner recall_app")
    as_owner = postgres_server.replace("/postgres?", "/recall_teams?")
    with psycopg.connect(as_owner, autocommit=True) as connection:
        connection.execute("create extension vector")
    url = make_url(as_owner).set(username="recall_app").render_as_string(hide_password=False)
    chosen = Settings(data_dir=tmp_path_factory.mktemp("teams"), database_url=url)
    assert [teams.add_team(chosen, name) for name in SECRETS] == [True, True]
    yield chosen
    for name in teams.team_names(chosen):
        teams.remove_team(chosen, name)
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("drop database recall_teams with (force)")
        connection.execute("drop role recall_app")


def test_every_team_has_tables_of_its_own(installation: Settings) -> None:
    for name in SECRETS:
        with closing(Storage.open(teams.team_settings(installation, name).database)) as store:
            store.audit.record("archive exported", name)
    for name in SECRETS:
        with closing(Storage.open(teams.team_settings(installation, name).database)) as store:
            assert [row.about for row in store.audit.page().items] == [name]
            assert store.health.check() == ()
    with closing(Storage.open(installation.database)) as store:
        assert store.audit.page().items == ()


def test_a_connection_that_lost_its_startup_options_is_refused(
    installation: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = psycopg.Connection.connect

    def without_options(*given: str, **parameters: Any) -> "psycopg.Connection[Any]":
        parameters.pop("options", None)
        return connect(*given, **parameters)

    monkeypatch.setattr(psycopg, "connect", without_options)
    with pytest.raises(Unavailable, match="drops startup options; add pooler=transaction"):
        Storage.open(teams.team_settings(installation, "payments").database)


@pytest.mark.parametrize("statement", ["select * from {}.{}", "delete from {}.{}", "create table {}.{}_copy (a int)"])
@pytest.mark.parametrize("where", ["onrecall_team_search", "public"])
def test_the_server_refuses_a_team_what_is_not_its_own(installation: Settings, statement: str, where: str) -> None:
    url = teams.team_settings(installation, "payments").database
    with closing(Storage.open(url)) as store:
        engine = store.overview.database.kind.engine
        for table in ("incidents", "audit", "api_keys"):
            with engine.connect() as connection, pytest.raises(Exception, match="permission denied"):
                connection.execute(text(statement.format(where, table)))


def test_the_installations_login_reads_no_team_before_it_takes_its_role(installation: Settings) -> None:
    with (
        psycopg.connect(plain_url(installation.database)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("select * from onrecall_team_search.incidents")


def test_resetting_the_role_does_not_leave_the_team(installation: Settings) -> None:
    url = teams.team_settings(installation, "payments").database
    with closing(Storage.open(url)) as store, store.overview.database.kind.engine.connect() as connection:
        connection.execute(text("reset role"))
        role = connection.scalar(text("select current_user"))
    assert str(role).startswith("onrecall_team_payments_")


def test_a_team_that_is_removed_leaves_nothing_and_the_others_alone(installation: Settings) -> None:
    assert teams.add_team(installation, "shortlived")
    assert not teams.add_team(installation, "shortlived")
    teams.remove_team(installation, "shortlived")
    assert teams.team_names(installation) == SECRETS
    with pytest.raises(NotFound, match="shortlived"):
        teams.team_settings(installation, "shortlived")
    with psycopg.connect(plain_url(installation.database)) as connection:
        assert connection.execute("select 1 from pg_roles where rolname like '%shortlived%'").fetchall() == []


def test_a_login_that_may_make_no_roles_is_told_what_it_lacks(postgres_server: str, installation: Settings) -> None:
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("create role recall_small login")
    url = make_url(plain_url(installation.database)).set(username="recall_small")
    try:
        with pytest.raises(Forbidden, match="CREATEROLE"):
            postgres_teams.add_team(url.render_as_string(hide_password=False), "another")
    finally:
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute("drop role recall_small")
