"""The capacity model's command measures real stores, and its tables follow from what was measured."""

import json
from dataclasses import asdict, replace

import pytest
from typer.testing import CliRunner

from onrecall.benchmarks.capacity import CapacityMeasurement, CapacityPlan, measure
from onrecall.benchmarks.capacity_model import WORKLOADS, Prices, model_of, need_of
from onrecall.benchmarks.capacity_page import BEGIN, END, replace_tables, tables_of
from onrecall.benchmarks.load_generator import make_notification
from onrecall.cli.bench import app

SIZES = (10_000, 30_000, 60_000, 100_000)


def measured(n: int, **others: object) -> CapacityMeasurement:
    """What a store would show that grows in proportion."""
    plain = CapacityMeasurement(
        store="local", passages=n, disk_bytes=4_000 * n, memory_bytes=10**8 + 100 * n, server_memory_bytes=0,
        build_ms=0.7, single_ms=6.0, question_ms=(20 + n / 10_000, 20 + n / 10_000), question_server_ms=(0.0, 0.0),
        alert_ms=2.0, alert_bytes=2_000.0, incident_ms=100.0, incident_bytes=20_000.0, right=1.0,
    )  # fmt: skip
    return replace(plain, **others)


def test_a_size_that_the_fit_has_not_seen_is_predicted():
    model = model_of("local", list(map(measured, SIZES)))
    assert (model.unseen, model.checks["question"].predicted.value) == (100_000, pytest.approx(30))
    assert model.checks["question"].error == pytest.approx(0)
    wrong = model_of("local", [*map(measured, SIZES[:-1]), measured(100_000, alert_ms=4.0)])
    assert wrong.checks["alert"].error == pytest.approx(-0.5)


def test_what_a_store_has_not_is_absent_and_costs_nothing():
    model = model_of("local", list(map(measured, SIZES)))
    assert "server_memory" not in model.fits
    assert model.at("question_server", 10**6) == 0


def test_the_need_of_a_workload_follows_from_the_model():
    model = model_of("local", list(map(measured, SIZES)))
    team = next(load for load in WORKLOADS if load.passages == 100_000)
    need = need_of(model, model, team, Prices())
    writing = team.alerts * 2 + team.incidents * 100
    assert need.writer_share == pytest.approx(writing / 1000)
    assert need.cores == pytest.approx((writing + team.questions * 30) / 1000 / 0.6)
    assert need_of(model, model, team, Prices(core=1000)).dollars > need.dollars
    search = replace(model, store="opensearch")
    many = need_of(search, model, replace(team, passages=100_000_000), Prices())
    assert many.shards == 13  # of 30 GiB, for 400 GB
    assert many.copies == 2


def test_only_the_tables_of_a_page_are_replaced():
    page = f"# Scale\n\n{BEGIN}\nold\n{END}\n\nmore\n"
    assert replace_tables(page, "new") == f"# Scale\n\n{BEGIN}\nnew\n{END}\n\nmore\n"
    assert replace_tables(replace_tables("# Scale\n", "old"), "new") == f"# Scale\n\n{BEGIN}\nnew\n{END}\n"


def test_the_tables_name_each_store_size_and_quantity():
    found = list(map(measured, SIZES))
    tables = tables_of({"local": found}, {"local": model_of("local", found)}, Prices())
    assert "100,000: predicted, measured" in tables
    assert "| to answer a question, ms | a + b·n | 30.0, 30.0 (+0%) |" in tables
    assert "internet scale" in tables


def test_no_two_alerts_of_notifications_have_the_same_key():
    alerts = [alert for n in range(3) for alert in json.loads(make_notification("mark", n, 5))["alerts"]]
    assert len({alert["fingerprint"] for alert in alerts}) == 15


def test_earlier_measurements_are_fitted_again_without_measuring(tmp_path):
    data, page = tmp_path / "capacity.json", tmp_path / "page.md"
    few = [asdict(measured(n, store="postgres")) for n in SIZES[:3]]
    data.write_text(json.dumps({"local": [asdict(measured(n)) for n in SIZES], "postgres": few}))
    result = CliRunner().invoke(app, ["capacity", "--stores", "none", "--data", str(data), "--markdown", str(page)])
    assert result.exit_code == 0, result.output
    assert "### Fitted: SQLite and local index" in page.read_text()
    assert "Measured at too few sizes to be fitted: PostgreSQL." in page.read_text()
    assert "### Fitted: PostgreSQL" not in page.read_text()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--stores", "oracle"], "'oracle' is no kind of store; choose from local, postgres, opensearch"),
        (["--stores", "opensearch"], "give --opensearch the address of a node"),
        (["--sizes", "1000,2000"], "give at least 4 sizes of 1,000 passages or more"),
        (["--sizes", "many"], "'many' are no numbers; write them as 10000,30000,60000,100000"),
        (["--stores", "none", "--prices", "1,2"], "'1,2' are not three numbers; write them as 25,3,0.1"),
    ],
)
def test_a_wrong_option_is_named_with_its_fix(options, complaint):
    result = CliRunner().invoke(app, ["capacity", *options])
    assert complaint in str(result.exception)


def test_a_file_that_holds_something_else_is_refused(tmp_path):
    data = tmp_path / "other.json"
    data.write_text('{"local": [{"passages": 5}]}')
    result = CliRunner().invoke(app, ["capacity", "--stores", "none", "--data", str(data)])
    assert "holds no measurements of this command" in str(result.exception)


@pytest.mark.model
@pytest.mark.timeout(900)
def test_a_real_store_is_measured_at_each_size(tmp_path):
    plan = CapacityPlan(questions=4, rounds=2, alerts=50, incidents=2, singles=2, pool=20, spread=200)
    (found,) = measure("local", [400], tmp_path, None, plan, lambda _: None)
    assert (found.store, found.passages, len(found.question_ms)) == ("local", 400, 2)
    assert min(found.disk_bytes, found.memory_bytes, found.build_ms, found.alert_ms, found.incident_ms) > 0
    assert found.right > 0.5
