"""The schema: made from nothing, brought up from every earlier one, and the same as `tables.py` says."""

import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, UniqueConstraint, insert, inspect, update

from onrecall import __version__
from onrecall.domain.errors import Invalid
from onrecall.storage import Storage, incident_rows, migrations, validation
from onrecall.storage.database import Database, DatabaseDamaged
from onrecall.storage.migrations import Migration
from onrecall.storage.tables import incidents as written
from onrecall.storage.tables import metadata
from warm_processes import WarmProcess

from .given import at, incident

pytestmark = pytest.mark.usefixtures("real_migrations")

OPENING = "import sys; from onrecall.storage import Storage; s = Storage.open(sys.argv[1]); print(s.health.counts()['incidents']); s.close()"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def blank_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'blank.db'}"
    return str(request.getfixturevalue("blank_postgres_url"))


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    opened = Database(store_url)
    yield opened
    opened.close()


def test_the_schema_is_what_the_tables_say(database: Database) -> None:
    with database.read() as connection:
        inspector = inspect(connection)
        assert {*metadata.tables, "migrations"} <= set(inspector.get_table_names())
        for name, table in metadata.tables.items():
            columns = {column["name"]: column["nullable"] for column in inspector.get_columns(name)}
            assert columns == {column.name: column.nullable for column in table.columns}, name
            assert inspector.get_pk_constraint(name)["constrained_columns"] == [
                column.name for column in table.primary_key
            ]
            indexes = {
                index["name"]: index["column_names"] for index in inspector.get_indexes(name) if not index["unique"]
            }
            assert indexes == {index.name: [column.name for column in index.columns] for index in table.indexes}, name
            unique = {tuple(constraint["column_names"]) for constraint in inspector.get_unique_constraints(name)}
            assert unique == declared_unique(name), name
            foreign = {
                (key["constrained_columns"][0], key["referred_table"]) for key in inspector.get_foreign_keys(name)
            }
            assert foreign == {(key.parent.name, key.column.table.name) for key in table.foreign_keys}, name


def declared_unique(name: str) -> set[tuple[str, ...]]:
    constraints = metadata.tables[name].constraints
    return {
        tuple(c.name for c in constraint.columns)
        for constraint in constraints
        if isinstance(constraint, UniqueConstraint)
    }


def test_a_number_is_one_step_in_each_database() -> None:
    numbered = [(step.number, dialect) for step in migrations.all_migrations() for dialect in _dialects(step)]
    assert len(set(numbered)) == len(numbered)
    assert min(step.number for step in migrations.all_migrations()) == 1


def _dialects(step: migrations.Migration) -> tuple[str, ...]:
    return (step.dialect,) if step.dialect else ("sqlite", "postgresql")


@contextmanager
def older_store(url: str, newest: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """The database as the release with this newest step made it, with the incident X-1 in it."""
    plan = migrations.all_migrations()
    with monkeypatch.context() as then:
        then.setattr(migrations, "all_migrations", lambda: tuple(step for step in plan if step.number <= newest))
        old = Database(url)
        with old.write() as connection:
            first = incident("X-1")
            columns = {column["name"] for column in inspect(connection).get_columns("incidents")}
            row = incident_rows.to_row(first, validation.content_hash(first), waiting=False)
            connection.execute(insert(written), {name: value for name, value in row.items() if name in columns})
            yield connection
        old.close()


@pytest.mark.parametrize("released", range(1, migrations.newest_version() + 1))
def test_every_earlier_schema_is_brought_up(blank_url: str, released: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with older_store(blank_url, released, monkeypatch):
        pass
    store = Storage.open(blank_url)
    assert store.incidents.get("X-1") == incident("X-1")
    assert store.health.check() == ()
    store.close()


def test_action_items_of_stored_postmortems_are_tracked_by_the_upgrade(
    blank_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [
        {"text": "Limit the pool", "owner": "mira", "state": "done", "line": 9},
        {"text": "Page earlier", "owner": None, "state": None, "line": 10},
        {"text": "Buy a second line", "owner": None, "state": "cancelled", "line": 11},
    ]
    with older_store(blank_url, 32, monkeypatch) as connection:
        values = {"document": "pm/x.md", "report": {"impact": "Sales stood still", "action_items": items}}
        connection.execute(update(written).where(written.c.id == "X-1").values(values))
    store = Storage.open(blank_url)
    tracked = store.action_items.of_incident("X-1")
    assert [(action.number, action.text, action.owner, action.state) for action in tracked] == [
        (1, "Limit the pool", "mira", "done"),
        (2, "Page earlier", None, "open"),
        (3, "Buy a second line", None, "dropped"),
    ]
    assert all(action.imported and not action.edited for action in tracked)
    store.close()


def test_steps_are_taken_once_and_in_order(database: Database, tmp_path: Path) -> None:
    for name, statement in (
        ("a", "create table a (x {number})"),
        ("b", "insert into a values (1);\ninsert into a values (2)"),
    ):
        (tmp_path / name).write_text(statement)
    newest = migrations.newest_version()
    plan = (Migration(newest + 1, "a", None, tmp_path / "a"), Migration(newest + 2, "b", None, tmp_path / "b"))
    for _ in range(2):
        with database.write() as connection:
            migrations.migrate(connection, database.kind.types, plan)
    with database.read() as connection:
        assert connection.exec_driver_sql("select x from a order by x").scalars().all() == [1, 2]
        assert migrations.current_version(connection) == newest + 2


def test_a_step_for_one_database_is_passed_over_by_the_other(database: Database, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("create table only_here (x integer)")
    newest = migrations.newest_version()
    with database.write() as connection:
        migrations.migrate(connection, database.kind.types, (Migration(newest + 1, "a", "postgresql", tmp_path / "a"),))
    with database.read() as connection:
        assert inspect(connection).has_table("only_here") == (database.kind.name == "postgresql")
        assert migrations.current_version(connection) == newest + 1


def test_each_database_may_have_its_own_half_of_a_step(database: Database, tmp_path: Path) -> None:
    newest = migrations.newest_version()
    for kind in ("sqlite", "postgresql"):
        (tmp_path / kind).write_text(f"create table only_{kind} (x integer)")
    plan = tuple(Migration(newest + 1, "a", kind, tmp_path / kind) for kind in ("sqlite", "postgresql"))
    for _ in range(2):
        with database.write() as connection:
            migrations.migrate(connection, database.kind.types, plan)
    with database.read() as connection:
        tables = {name for name in inspect(connection).get_table_names() if name.startswith("only_")}
        assert tables == {f"only_{database.kind.name}"}


def test_deliveries_outlive_the_step_that_lets_them_tell_of_notices(
    blank_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = "4, 'webhook', 'X-1', 9, 'opened', 'k', '{}', '{}', 'pending', 2"
    times = "'2026-03-01 12:00:00.000000', 'down', '2026-03-01 12:00:00.000000', null"
    with older_store(blank_url, 14, monkeypatch) as connection:
        connection.exec_driver_sql(f"insert into deliveries values ({row}, {times})")
        connection.exec_driver_sql("insert into channels (name, seq) values ('webhook', 9)")
        connection.exec_driver_sql("update counters set value = 7 where name = 'recommendation'")
    store = Storage.open(blank_url)
    (delivery,) = store.outbox.page().items
    assert (delivery.id, delivery.incident, delivery.notice, delivery.attempts, delivery.last_error) == (
        4,
        "X-1",
        None,
        2,
        "down",
    )
    assert store.outbox.decision_position("webhook") == 7, "decisions of before the upgrade are not told"
    store.close()


def test_an_upgrade_knows_which_senders_were_heard(blank_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = "id, source, key, starts_at, status, body, hash, received_at, updated_at, waiting"
    values = "1, 'generic', 'disk/db-1', {0}, 'firing', '{{}}', 'h', {0}, {0}, false"
    with older_store(blank_url, 13, monkeypatch) as connection:
        row = values.format("'2026-03-01 12:00:00.000000'")
        connection.exec_driver_sql(f"insert into alerts ({columns}) values ({row})")
    with closing(Storage.open(blank_url)) as store:
        assert store.source_activity.all()["generic"].heard_at == at(0)


def test_example_documents_of_the_first_release_are_marked(blank_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    example, own = "9149e79252ce1e6710159fa16546e546f994cfaf941f77e98362aec801d8e5a4", "0" * 64
    with older_store(blank_url, 14, monkeypatch) as connection:
        for name, digest in (("RB-example", example), ("RB-own", own)):
            connection.exec_driver_sql(
                "insert into documents (id, title, text, kind, labels, hash) "
                f"values ('{name}', 'Runbook', 'text', 'runbook', '{{}}', '{digest}')"
            )
    with closing(Database(blank_url)) as database, database.read() as connection:
        rows = connection.exec_driver_sql("select id, source from documents").mappings()
        sources = {row["id"]: row["source"] for row in rows}
    assert sources == {"RB-example": "example", "RB-own": None}


def test_a_step_that_fails_leaves_nothing(database: Database, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("create table half (x integer);\ninsert into nowhere values (1)")
    newest = migrations.newest_version()
    with pytest.raises(DatabaseDamaged, match="nowhere"), database.write() as connection:
        migrations.migrate(connection, database.kind.types, (Migration(newest + 1, "a", None, tmp_path / "a"),))
    with database.read() as connection:
        assert not inspect(connection).has_table("half")
        assert migrations.current_version(connection) == newest


def test_a_newer_database_is_left_alone(store_url: str) -> None:
    database = Database(store_url)
    with database.write() as connection:
        connection.exec_driver_sql("insert into migrations (number, name) values (999, 'from tomorrow')")
    database.close()
    with pytest.raises(Invalid, match=r"schema 999, made by a newer OnRecall, .*Install that version or newer"):
        Storage.open(store_url)


def test_the_release_that_migrated_a_store_is_named(store_url: str) -> None:
    with closing(Database(store_url)) as database, database.write() as connection:
        assert migrations.release(connection) == __version__
        connection.exec_driver_sql("insert into migrations (number, name, release) values (999, 'later', '7.1.0')")
    with pytest.raises(Invalid, match=r"made by OnRecall 7\.1\.0, .*Install OnRecall 7\.1\.0 or newer, or restore"):
        Storage.open(store_url)


def test_steps_of_earlier_releases_carry_no_release(blank_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with older_store(blank_url, 24, monkeypatch) as connection:
        assert migrations.release(connection) is None
    with closing(Database(blank_url)) as database, database.read() as connection:
        rows = connection.exec_driver_sql("select release from migrations order by number").scalars().all()
    later = {step.number for step in migrations.all_migrations() if step.number > 24}
    assert rows == [None] * 24 + [__version__] * len(later)


@pytest.mark.process
def test_many_processes_may_open_a_blank_database_at_once(blank_url: str) -> None:
    command = ["-c", OPENING, blank_url]
    running = [WarmProcess(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    ended = [(*process.said(), process.wait(120)) for process in running]
    assert ended == [("0\n", "", 0)] * 3
