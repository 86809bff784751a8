"""Bad input: each a sentence naming file, line and field; the good rows go in, the bad ones are listed."""

import json
import random
import tracemalloc
from pathlib import Path

import pytest

from growth import grows_at_most
from importers.reports import Report, report
from onrecall.domain.errors import Invalid
from onrecall.importers import read
from onrecall.importers.encoding import LONGEST_LINE


def line(number, **more):
    return json.dumps({"id": f"INC-{number}", "title": "x", "started_at": "2024-01-31T09:30:00Z", **more})


def ids(result):
    return [incident.id for incident in result.incidents]


def only(result):
    (rejected,) = result.rejected
    return rejected


def test_broken_json_names_line_and_column():
    result = report("a.jsonl", f'{line(1)}\n{{"id": "INC-2", "title" "x"}}\n{line(3)}\n')
    assert ids(result) == ["INC-1", "INC-3"]
    assert only(result).where == "a.jsonl, line 2"
    assert "column 25" in only(result).message


def test_a_broken_record_of_a_pretty_list_costs_only_itself():
    text = json.dumps([json.loads(line(1)), json.loads(line(2)), json.loads(line(3))], indent=2)
    result = report("a.json", text.replace('"id": "INC-2",', '"id" "INC-2",'))
    assert ids(result) == ["INC-1", "INC-3"]
    assert only(result).where == "a.json, line 8"
    assert "record 2" in only(result).message


def test_a_file_that_is_cut_off_keeps_what_stands_before():
    text = json.dumps([json.loads(line(n)) for n in range(5)])
    for cut in range(len(text)):
        result = report("a.json", text[:cut])
        assert result.rejected, cut
        assert ids(result) == [f"INC-{n}" for n in range(len(result.incidents))]
    assert ids(report("a.json", text[:-1])) == [f"INC-{n}" for n in range(5)]
    assert "cut off" in only(report("a.json", text[:-1])).message
    (cut_line,) = report("a.jsonl", f"{line(1)}\n{line(2)[:20]}").rejected
    assert cut_line.where == "a.jsonl, line 2"


def test_a_csv_with_a_mark_and_one_in_windows_1252():
    text = "id;title;started_at;resolved_at;resolution\nA;Café ‚down’;2024-01-31 09:30;2024-01-31 10:00;neu gestartet – fertig\n"
    with_mark = report("bom.csv", text.encode("utf-8-sig"))
    windows = report("cp1252.csv", text.encode("cp1252"))
    wide = report("wide.csv", text.encode("utf-16"))
    bare = report("wide.csv", text.encode("utf-16-le"))
    for result in (with_mark, windows, wide, bare):
        assert result.incident().title == "Café ‚down’"
        assert "semicolon" in result.messages_text
    assert "cp1252.csv, line 2: not UTF-8; read as Windows-1252" in windows.notes
    assert not any("1252" in note for note in with_mark.notes + wide.notes)


def with_a_line_of(megabytes: int, path: Path) -> Path:
    with path.open("w") as file:
        file.write(line(1) + "\n")
        file.write('{"id": "INC-2", "title": "')
        for _ in range(megabytes):
            file.write("x" * 2**20)
        file.write('"}\n' + line(3))
    return path


@pytest.mark.growth
def test_a_line_of_50_megabytes_is_left_out_in_little_time_and_memory(tmp_path: Path):
    path = with_a_line_of(50, tmp_path / "big.jsonl")
    assert grows_at_most(25, lambda file: Report(read(file)), with_a_line_of(6, tmp_path / "less.jsonl"), path)
    tracemalloc.start()
    result = Report(read(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert ids(result) == ["INC-1", "INC-3"]
    assert only(result).where == f"{path}, line 2"
    assert f"{LONGEST_LINE // 2**20} MB" in only(result).message
    assert peak < 5 * LONGEST_LINE
    as_csv = report(
        "a.csv",
        b"id,title,started_at\nA,x,2024-01-01\nB," + b"x" * (LONGEST_LINE + 5) + b",2024-01-01\nC,x,2024-01-01\n",
    )
    assert ids(as_csv) == ["A", "C"]
    assert only(as_csv).where == "a.csv, line 3"


def test_a_long_history_is_streamed(tmp_path: Path):
    path = tmp_path / "long.jsonl"
    with path.open("w") as file:
        for number in range(5_000):
            file.write(line(number, description="y" * 1000) + "\n")
    tracemalloc.start()
    count = sum(1 for _ in read(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 5_001
    assert peak < path.stat().st_size / 2


def test_a_nul_byte_and_half_a_character_are_named():
    result = report(
        "a.jsonl",
        "\n".join([line(1), line(2, service="a\0b"), line(3, labels={"k": "a\ud800"}), line(4).replace("x", "\0")]),
    )
    assert ids(result) == ["INC-1"]
    assert [(item.where, item.field) for item in result.rejected] == [
        ("a.jsonl, line 2", "service"), ("a.jsonl, line 3", "labels.k"), ("a.jsonl, line 4", None),
    ]  # fmt: skip
    assert "NUL" in result.rejected[0].message
    in_csv = report("a.csv", "id,title,started_at\nA,x\0y,2024-01-01\nB,x,2024-01-01\n")
    assert ids(in_csv) == ["B"]
    assert (only(in_csv).where, only(in_csv).field) == ("a.csv, line 2", "title")


def test_an_id_that_clashes_in_one_file_is_named_with_the_line_of_the_first():
    result = report("a.jsonl", "\n".join([line(1), line(2), line(1, title="other"), line(2)]))
    assert only(result).field == "id"
    assert only(result).where == "a.jsonl, line 3"
    assert "'INC-1'" in only(result).message
    assert "line 1" in only(result).message
    assert ids(result) == ["INC-1", "INC-2", "INC-2"], "the very same record again changes nothing"


def test_deep_nesting_doubled_keys_and_a_giant_number():
    deep = '{"id": "A", "title": "x", "started_at": "2024-01-01", "labels": ' + '{"a":' * 100 + "1" + "}" * 101
    bottomless = '{"id": ' + "[" * 100_000
    doubled = '{"id": "A", "id": "B", "title": "x", "started_at": "2024-01-01"}'
    giant = '{"id": ' + "1" * 5000 + "}"
    result = report("a.jsonl", "\n".join([line(1), deep, bottomless, doubled, giant, line(2)]))
    assert ids(result) == ["INC-1", "INC-2"]
    assert [item.where for item in result.rejected] == [f"a.jsonl, line {n}" for n in (2, 3, 4, 5)]
    assert "deep" in result.rejected[0].message
    assert "deep" in result.rejected[1].message
    assert result.rejected[2].field == "id"
    for name in ("deep.json", "list.json"):
        assert report(name, "[" * 100_000).rejected
        assert report(name, '{"a":' * 100_000).rejected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n", "blanks"),
        (b"PK\x03\x04" + b"\0" * 50, "XLSX"),
        (b"\x1f\x8b\x08aaaaaaaaaaaaaaaaaa", "gzip"),
        (b"%PDF-1.7 ...........", "PDF"),
        (random.Random(160).randbytes(4000), "it can't be read"),
        (b"just some words without a form", "neither JSON, CSV nor Markdown"),
        (b"42", "neither JSON"),
    ],
)
def test_what_is_no_history_is_said_to_be_none(data, expected):
    result = report("thing.bin", data)
    assert not result.incidents
    assert expected in only(result).message


def test_json_that_is_no_record():
    assert "neither a JSON list nor a JSON object" in only(report("a.json", "42")).message
    assert "no record" in only(report("a.json", "[]")).message
    assert "an object" in report("a.json", '[1, "x", null]').rejected[1].message
    assert "must be an object" in report("a.jsonl", f"[]\n{line(1)}").rejected[0].message


@pytest.mark.parametrize(
    "text", ['{""}', '{"a":1,}', '{"a" 1}', '{"incidents": [', '{"incidents": [] "x"}', "{", '{"a":{']
)
def test_a_broken_object_is_said_to_be_broken(text):
    assert "broken JSON" in report("a.json", text).rejected[0].message


def test_rows_that_do_not_fit_the_header():
    result = report("a.csv", "id,title,started_at\nA,x,2024-01-01\nB,x\nC,x,2024-01-01,extra\nD,x,2024-01-01\n")
    assert ids(result) == ["A", "D"]
    assert [item.where for item in result.rejected] == ["a.csv, line 3", "a.csv, line 4"]


def test_a_quote_that_never_ends_is_named_where_it_begins():
    result = report("a.csv", 'id,title,started_at\nA,x,2024-01-01\nB,"never ending,2024-01-01\nC,x,2024-01-01\n')
    assert ids(result) == ["A"]
    assert only(result).where == "a.csv, line 3"
    assert "quote" in only(result).message
    runaway = 'B,"' + ("word " * 20 + "\n") * 2000 + "C,x,2024-01-01\n"
    result = report("a.csv", "id,title,started_at\nA,x,2024-01-01\n" + runaway)
    assert ids(result)[0] == "A"
    assert any("closing quote" in item.message for item in result.rejected)


def test_a_format_or_zone_that_does_not_exist_is_refused_before_reading():
    for wish in (
        {"format": "lotus notes"},
        {"timezone": "Moon"},
        {"mapping": {"titel": "x"}},
        {"mapping": {"dates": "both"}},
    ):
        with pytest.raises(Invalid):
            report("a.csv", "id\n", **wish)
    assert "github is not read from CSV" in only(report("a.csv", "id,title\nA,x\n", format="github")).message
