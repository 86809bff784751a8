"""The benchmark of the next best check: what is on the golden path, who is beside it, and the loader of golden paths."""

from datetime import UTC, datetime, timedelta

import pytest

from onrecall.backtest.chronology import History
from onrecall.benchmarks.golden_checks import read_golden_paths
from onrecall.benchmarks.next_checks import measure_checks
from onrecall.domain.errors import Invalid
from onrecall.domain.incident import Incident, Resolution, ResolutionStep

START = datetime(2026, 1, 5, tzinfo=UTC)
LOOK = ("Looked at the pools", "psql -h pg -c 'SHOW POOLS'")
READ = ("Read the certificate", "openssl x509 -noout -enddate -in /etc/edge.pem")


def broken(n: int, title: str, cause: str, *looks) -> Incident:
    steps = [ResolutionStep(*look) for look in looks]
    steps += [ResolutionStep("Restarted the proxy", "systemctl restart proxy"), ResolutionStep("Watched", "uptime")]
    begun = START + timedelta(days=n)
    done = Resolution(f"cause {cause}", begun + timedelta(hours=1), cause, tuple(steps))
    return Incident(f"I-{n}", title, begun, status="resolved", resolution=done)


@pytest.fixture(scope="module")
def history() -> History:
    pool = "Login fails: connection pool of the proxy is exhausted"
    cert = "Browsers warn: certificate of the edge has expired"
    records = [broken(1, pool, "pool", LOOK), broken(2, cert, "cert", READ), broken(3, pool, "pool", LOOK)]
    return History.of([*records, broken(4, cert, "cert", LOOK)])


def test_a_history_is_replayed_in_time_order_and_its_own_looks_are_the_path(history):
    report = measure_checks(history, None)["history"]
    assert (report.openings, report.with_path, report.paths.n) == (4, 4, 2)
    assert report.paths.first.value == 0.5, "the third repeats the look of the first, the fourth not that of the second"
    assert report.causes.n == 0


def test_golden_paths_are_asked_when_all_is_known(history, tmp_path):
    file = tmp_path / "paths.jsonl"
    file.write_text(
        '{"id": "g1", "text": "connection pool of the proxy exhausted, login fails", "cause": "pool", '
        '"checks": [{"text": "pools", "command": "psql -h db7 -c \'SHOW POOLS\'"}]}\n\n'
        '{"id": "g2", "text": "certificate of the edge has expired, browsers warn", "checks": ["Asked around"]}\n'
    )
    report = measure_checks(history, None, read_golden_paths(file))["golden"]
    assert (report.openings, report.paths.n, report.paths.within_three.value) == (2, 2, 0.5)


@pytest.mark.parametrize(
    ("line", "field", "message"),
    [
        ("[]", "golden", "line 1 is no JSON object"),
        ("{", "golden", "line 1 is no JSON"),
        ('{"text": "x", "checks": ["y"]}', "id", "id is missing"),
        ('{"id": "a", "text": " ", "checks": ["y"]}', "text", "text is missing"),
        ('{"id": "a", "text": "x", "checks": []}', "checks", "at least one check"),
        ('{"id": "a", "text": "x", "checks": [7]}', "checks", "check 1 must be a text or an object"),
        ('{"id": "a", "text": "x", "checks": ["y"], "labels": {"k": 1}}', "labels", "an object of texts"),
        ('{"id": "a", "text": "x", "checks": ["y"], "service": 3}', "service", "service must be a text"),
        ("", "golden", "has no golden path"),
    ],
)
def test_a_line_that_is_no_path_says_what_is_wrong(tmp_path, line, field, message):
    file = tmp_path / "paths.jsonl"
    file.write_text(line + "\n")
    with pytest.raises(Invalid, match=message) as refused:
        read_golden_paths(file)
    assert refused.value.field == field


def test_an_id_stands_for_one_path(tmp_path):
    file = tmp_path / "paths.jsonl"
    file.write_text('{"id": "a", "text": "x", "checks": ["y"]}\n' * 2)
    with pytest.raises(Invalid, match="'a' was there before"):
        read_golden_paths(file)
    with pytest.raises(Invalid, match="can't be read"):
        read_golden_paths(tmp_path / "none.jsonl")
