"""What holds for any evidence whatsoever."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from recommendation_cases import NOW, line_of

from example_counts import example_count
from onrecall.domain import markdown_page as page
from onrecall.domain.document import Document
from onrecall.domain.evidence import Evidence, TrackRecord
from onrecall.domain.incident import Incident, Resolution, ResolutionStep
from onrecall.domain.situation import Situation
from onrecall.recommendation import compose, step_key, step_keys
from onrecall.recommendation.sanitize import clean
from onrecall.recommendation.steps import MAX_PROCEDURE_STEPS, MAX_STEPS

COMMANDS = (
    "kubectl get pods", "kubectl -n prod delete pod web-6c9d7f4b8-qx2mt", "systemctl restart nginx", "rm -rf /var/lib/x",
    "SELECT 1", "DROP TABLE t", "redis-cli FLUSHALL", "kubectl scale deploy/web --replicas=9", "unheard-of --force",
)  # fmt: skip
TEXTS = (
    "Restarted the pods",
    "Looked at the log",
    "Deleted old data",
    "Raised the limit to 30",
    "Memory leak",
    "‹x›",
    "",
)
text = st.one_of(st.sampled_from(TEXTS), st.text(max_size=40))
times = st.integers(-400, 10).map(lambda days: NOW + timedelta(days=days))
labels = st.dictionaries(st.sampled_from(["error_type", "cause", "alertname", "host"]), text, max_size=3)
steps = st.builds(
    ResolutionStep,
    text=text,
    command=st.one_of(st.none(), st.sampled_from(COMMANDS), text),
    outcome=st.sampled_from(["worked", "worked", "did_not_help", "made_it_worse"]),
    rollback=st.one_of(st.none(), st.sampled_from(COMMANDS), text),
)
resolutions = st.builds(
    Resolution,
    root_cause=text,
    at=times,
    cause=st.one_of(st.none(), st.sampled_from(["pool", "leak", "disk", ""])),
    steps=st.lists(steps, max_size=6).map(tuple),
    provenance=st.sampled_from(["human", "imported", "model"]),
)
BLOCKS = (
    "## Fix",
    "# Rollback",
    "1. Restart it all",
    "- Look at `kubectl get pods`",
    "```sh",
    "```",
    "   kubectl get pods",
    "> 1. x",
    "---",
)
markdown = st.lists(st.one_of(st.sampled_from(BLOCKS), st.text(max_size=20)), max_size=12).map("\n".join)
sources = st.one_of(
    st.builds(
        Incident,
        id=st.just(""),
        title=text,
        started_at=times,
        description=st.one_of(text, markdown),
        labels=labels,
        resolution=st.one_of(st.none(), resolutions),
    ),
    st.builds(
        Document,
        id=st.just(""),
        title=text,
        text=markdown,
        kind=st.sampled_from(["runbook", "runbook", "postmortem"]),
        labels=labels,
        dated=st.one_of(st.none(), times),
    ),
)
scores = st.floats(0, 1)
records = st.builds(lambda worked, failed, last: TrackRecord(worked + failed, worked, failed, last), st.integers(0, 9), st.integers(0, 9), st.none() | times)  # fmt: skip


@st.composite
def evidence_sets(draw):
    scored = draw(st.lists(st.tuples(sources, scores), max_size=6))
    return [
        Evidence(
            id=f"E{n}",
            kind="incident" if isinstance(source, Incident) else "document",
            title=source.title,
            score=score,
            incident=source if isinstance(source, Incident) else None,
            document=source if isinstance(source, Document) else None,
        )
        for n, (source, score) in enumerate(scored)
    ]


@settings(max_examples=example_count(80), deadline=None)
@given(evidence_sets(), st.builds(Situation, text=text, labels=labels), st.data())
def test_whatever_the_evidence(evidence, situation, data):
    by_id = {piece.id: piece for piece in evidence}
    keys = step_keys(evidence)
    track_records = {key: data.draw(records) for key in keys if data.draw(st.booleans())}
    advice = compose(situation, evidence, track_records, NOW)

    for cited_step in (*advice.steps, *advice.tried_before):
        line = line_of(evidence, cited_step.citation)
        assert cited_step.citation.quote
        assert cited_step.citation.quote in line
        assert cited_step.citation.quote == clean(cited_step.citation.quote)
        assert cited_step.text.strip()
    for step in advice.steps:
        piece = by_id[step.citation.id]
        assert piece.resolution is None or piece.resolution.provenance != "model"
        assert step_key(step.text, step.command) in keys
        cited_lines = (
            [line for line in page.numbered_lines(piece.incident) if line.number == step.citation.line]
            if piece.incident
            else []
        )
        assert all(piece.resolution.steps[line.step].outcome == "worked" for line in cited_lines)
        assert all(f"‹{value}›" in f"{step.text} {step.command} {step.rollback}" for value in step.old_values)

    assert [step.n for step in advice.steps] == list(range(1, len(advice.steps) + 1))
    assert len(advice.steps) <= max(MAX_STEPS, MAX_PROCEDURE_STEPS)
    lines = [step.citation for step in advice.steps]
    assert len(set(lines)) == len(lines)
    step_keys_shown = [step_key(step.text, step.command) for step in advice.steps]
    assert not set(step_keys_shown) & {step_key(tried.text, tried.command) for tried in advice.tried_before}

    causes = {
        piece.resolution.cause
        for piece in evidence
        if piece.id in {s.citation.id for s in advice.steps} and piece.resolution
    }
    assert len(causes - {None, ""}) <= 1
    assert advice.verdict_reason
    if advice.verdict == "never_seen":
        assert (advice.cause, advice.steps, advice.tried_before, advice.alternatives) == (None, (), (), ())
    if advice.cause:
        assert any(piece.resolution and piece.resolution.provenance != "model" for piece in evidence)


@settings(max_examples=example_count(50), deadline=None)
@given(evidence_sets(), st.builds(Situation, text=text, labels=labels))
def test_the_same_evidence_gives_the_same_advice(evidence, situation):
    assert compose(situation, evidence, {}, NOW) == compose(situation, list(evidence), {}, NOW)


@settings(max_examples=example_count(100), deadline=None)
@given(text, st.none() | text | st.sampled_from(COMMANDS))
def test_a_key_is_the_same_before_and_after_cleaning(step_text, command):
    assert step_key(step_text, command) == step_key(clean(step_text), clean(command) if command else None)
    assert clean(clean(step_text)) == clean(step_text)
    step_key(step_text, command).encode()
