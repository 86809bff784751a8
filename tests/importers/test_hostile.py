"""Whatever comes, nothing is raised: there are nouns, notes and sentences about what was left out."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from example_counts import example_count
from importers.reports import Report, report
from onrecall.importers import format_names, read_bytes
from onrecall.importers.format_table import FORMATS

endings = st.sampled_from([".json", ".jsonl", ".csv", ".tsv", ".md", ".txt", ""])
wishes = st.none() | st.sampled_from(format_names())

KEYS = [
    "id", "title", "started_at", "resolved_at", "resolution", "labels", "status", "links", "text", "kind", "severity", "number",
    "short_description", "opened_at", "close_notes", "key", "fields", "incident_number", "created_at", "notes", "tinyId", "message", "createdAt",
    "report", "tags", "reference", "incident_status", "custom_field_entries", "incident_timestamp_values", "type", "attributes", "milestones",
    "current_milestone", "name", "url", "comments", "stateReason", "resolution_action", "recovery_seconds", "incident_id", "mitigation_steps",
    "fix", "error_logs", "resolution_time", "service", "seconds_to_first_ack", "body", "description", "summary", "acknowledgements", "date",
]  # fmt: skip
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["2024-01-31T09:30:00Z", "resolved", "incidents", "https://github.com/a/b/issues/1", "1. restart\n`kubectl get pods`"])
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=15,
)
records = st.dictionaries(st.sampled_from(KEYS), values, max_size=12)


@given(st.binary(max_size=400), endings, wishes)
@settings(max_examples=example_count(100))
def test_any_bytes_under_any_name_and_format(data, ending, wish):
    Report(read_bytes(f"x{ending}", data, format=wish))


@given(st.text(alphabet=st.sampled_from('{}[]",:;|\n\t -#`aeé019\0\ud800'), max_size=200), endings, wishes)
@settings(max_examples=example_count(100))
def test_any_text_of_marks(text, ending, wish):
    Report(read_bytes(f"x{ending}", text.encode("utf-8", "surrogatepass"), format=wish))


@given(st.lists(records, max_size=3), wishes)
@settings(max_examples=example_count(120))
def test_any_record_with_the_keys_of_all_tools(rows, wish):
    Report(read_bytes("x.json", json.dumps(rows).encode(), format=wish))


@pytest.mark.parametrize("entry", FORMATS, ids=lambda entry: f"{entry.name}-{entry.shape}")
@given(row=records)
@settings(max_examples=example_count(25))
def test_every_format_meets_any_record(entry, row):
    data = json.dumps([row])
    if entry.shape == "csv":
        cells = {key: json.dumps(value).replace('"', '""') for key, value in row.items()}
        data = ",".join(cells) + "\n" + ",".join(f'"{cell}"' for cell in cells.values()) + "\n"
    result = report(f"x.{entry.shape}", data, format=entry.name)
    for rejected in result.rejected:
        assert rejected.where.startswith("x.")
        assert rejected.message
