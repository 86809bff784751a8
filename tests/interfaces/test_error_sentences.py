"""Bad input on the command line: one sentence that names the option and the fix, in our words."""

from collections.abc import Callable
from pathlib import Path

import pytest

from onrecall.cli import main as cli

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("ONRECALL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out + printed.err

    return run


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("ask x --limit 0", "Invalid value for '--limit': must be at least 1"),
        ("ask x --limit many", "Invalid value for '--limit': must be a whole number"),
        ("keys create bob --role king", "Invalid value for '--role': 'king' is not one of"),
        ("incidents list --since never", "--since never: give a time such as 2026-03-01T08:00:00Z, or a span such as"),
        ("incidents list --since 999999w", "--since 999999w: give a span of at most a hundred years"),
        ("keys create bob --expires soon", "or a span such as 24h"),
        ("maintenance add --service x --until later", "or a span such as 24h"),
        ("keys list --team Pay/ments", "use up to 30 lower-case letters, digits and underscores, a letter first"),
        ("import tickets.csv --mapping absent.yaml", "the mapping file absent.yaml can't be read: No such file"),
    ],
)
def test_bad_input_is_named_with_its_fix(run: Run, tmp_path: Path, arguments: str, sentence: str) -> None:
    (tmp_path / "tickets.csv").write_text("id,title\n1,x\n", encoding="utf-8")
    code, printed = run(*arguments.split())
    assert (code, sentence in " ".join(printed.split())) == (2, True), printed
    assert "Value error" not in printed
    assert "Errno" not in printed


def test_an_unknown_team_is_named_beside_those_that_exist(run: Run) -> None:
    code, printed = run("keys", "list", "--team", "search")
    assert (code, "there is no team search; there are none yet" in printed) == (1, True), printed
    run("teams", "add", "payments")
    assert (
        "there is no team search; there are payments; `onrecall teams add search`"
        in run("keys", "list", "--team", "search")[1]
    )


def test_a_week_is_a_span_everywhere(run: Run) -> None:
    assert run("maintenance", "add", "--service", "x", "--until", "1w")[0] == 0


def test_a_dry_run_says_what_it_would_do(run: Run, tmp_path: Path) -> None:
    (tmp_path / "tickets.csv").write_text("id,title,opened\n1,x broke,2026-01-01T10:00:00Z\n", encoding="utf-8")
    _, printed = run("import", "tickets.csv", "--dry-run")
    assert "would create 1, update 0, leave 0 unchanged, reject 0" in printed
