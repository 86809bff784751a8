"""An id in a question finds its record and raises no match; what was never seen has two rates and no probability."""

from dataclasses import replace
from datetime import timedelta

import pytest

from onrecall.domain.confidence_sentence import confidence_sentence
from onrecall.domain.document import Document
from onrecall.domain.incident import Incident, IncidentLink, Resolution, ResolutionStep
from onrecall.domain.situation import Filter, Situation, make_situation
from onrecall.retrieval.named_records import find_named


@pytest.mark.parametrize("name", ["INC-101", "MILL-7"])
def test_an_id_in_a_text_raises_no_match(memory, clock, name):
    began = clock()
    memory.import_history(
        [
            Incident(
                name,
                "rollers jam",
                began,
                "rollers jam on line 2",
                resolution=Resolution("grit", clock.forward(minutes=5)),
            ),
            Incident(
                "X-9",
                f"rollers jam as in {name}",
                began,
                f"the same as {name} again",
                resolution=Resolution("grit", clock()),
            ),
        ]
    )
    clock.forward(days=1)
    bare = memory.ask(make_situation("rollers jam, the printer is out of toner"))
    named = memory.ask(make_situation(f"rollers jam, the printer is out of toner, {name}"))
    scores = {piece.id: piece.score for piece in bare.evidence}
    assert {piece.id: piece.score for piece in named.evidence} == scores
    assert named.evidence[0].id == name
    foreign = memory.ask(make_situation(f"the printer is out of toner, {name}"))
    assert (foreign.verdict, foreign.cause) == ("never_seen", None)
    assert foreign.verdict_reason.startswith(f"the question names {name} “rollers jam”; besides that, nothing like")


@pytest.fixture
def with_records(memory, clock):
    """A mill, a crane with the key of a tracker, a belt with its id in a label, a runbook, an incident that is open."""

    def record(name, title, **fields):
        begun = clock.forward(hours=5)
        done = Resolution(f"cause of {title}", clock.forward(minutes=9))
        return Incident(name, title, begun, source="export", resolution=done, **fields)

    runbook = Document("RB-4711", "How to grease the axle", "Use a thin film of grease on the axle of each wheel.")
    memory.import_history(
        [
            record("MILL-7", "rollers jam on line 2"),
            record("INC-30", "crane stands still", source_id="OPS-101"),
            record("INC-31", "belt is torn", labels={"incident_id": "INC0012345"}),
            record("INC-32", "crane stands still, like OPS-101", description="OPS-101 and INC0012345 and MILL-7 again"),
            runbook,
        ]
    )
    memory.open(Incident("", "lift between floors", clock.forward(days=1)))
    return memory


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("what was MILL-7", "MILL-7"),
        ("what was mill-7?", "MILL-7"),
        ("OPS-101", "INC-30"),
        ("how did we solve ops-101, the crane?", "INC-30"),
        ("is the belt torn again as in INC0012345", "INC-31"),
        ("RB-4711", "RB-4711"),
        ("water in the cellar, does MILL-7 help", "MILL-7"),
    ],
)
def test_a_record_that_a_question_names_comes_first_and_says_why(with_records, question, first):
    evidence = with_records.ask(make_situation(question)).evidence
    assert evidence[0].id == first
    assert evidence[0].why[0].startswith("named in the question: ")
    assert not any(reason.startswith("named in") for piece in evidence[1:] for reason in piece.why)
    assert with_records.recall(make_situation(question))[0].id == first


def test_of_many_named_records_the_best_two_come_first_and_the_others_are_found_as_ever(with_records):
    question = "belt is torn, see MILL-7, OPS-101, RB-4711, INC0012345"
    shown = with_records.recall(make_situation(question), limit=4)
    assert shown[0].id == "INC-31"
    assert [bool(piece.why and piece.why[0].startswith("named")) for piece in shown[:2]] == [True, True]
    assert len({piece.id for piece in shown}) == 4


def test_a_record_is_named_neither_by_part_of_a_word_nor_before_it_began_nor_where_it_is_excluded(with_records, clock):
    for text in ("MILL-77 stands", "pre-MILL-7-x stands", "see https://tracker.example/MILL-7"):
        assert not any(piece.why[:1] == ("named in the question: MILL-7",) for piece in recall(with_records, text))
    early = make_situation("what was MILL-7", as_of=clock() - timedelta(days=400))
    assert "MILL-7" not in {piece.id for piece in with_records.recall(early)}
    excluded = replace(make_situation("what was MILL-7"), exclude=frozenset({"MILL-7"}))
    assert "MILL-7" not in {piece.id for piece in with_records.recall(excluded)}
    only = make_situation("what was MILL-7", only=Filter(kind="document"))
    assert "MILL-7" not in {piece.id for piece in with_records.recall(only)}


def recall(memory, text):
    return memory.recall(make_situation(text))


def test_a_named_incident_that_is_still_open_is_no_precedent(with_records):
    (name,) = (one.id for one in with_records.store.incidents.page(status="open").items)
    assert name not in {piece.id for piece in with_records.ask(make_situation(f"what is {name}")).evidence}
    assert recall(with_records, f"what is {name}")[0].id == name


def test_a_named_member_of_a_family_is_shown_though_another_member_says_more(memory, clock):
    steps = (ResolutionStep("Grease the axle"),)
    for number in (1, 2):
        begun = clock.forward(hours=1)
        resolution = Resolution("dry axle", clock.forward(hours=1), steps=steps if number == 1 else ())
        links = (IncidentLink("recurrence", "AXLE-1"),) if number == 2 else ()
        memory.import_history([Incident(f"AXLE-{number}", "wheel squeaks", begun, links=links, resolution=resolution)])
    clock.forward(days=1)
    assert [piece.id for piece in recall(memory, "wheel squeaks")] == ["AXLE-1"]
    assert recall(memory, "wheel squeaks as in AXLE-2")[0].id == "AXLE-2"


def test_a_question_without_a_word_like_an_id_asks_for_none_and_one_with_some_asks_once(with_records, monkeypatch):
    asked = []
    records = type(with_records.store.records)
    named = records.named
    monkeypatch.setattr(records, "named", lambda *given: asked.append(given[1]) or named(*given))
    recall(with_records, "the mill stands on db2 with ipv6 since 12-30")
    assert asked == []
    recall(with_records, "MILL-7 or mill-8 or INC0012345?")
    assert asked == [["MILL-7", "MILL-8", "mill-8", "INC0012345"]]


def test_where_it_happens_is_looked_for_in_no_label(with_records):
    asked = []

    class Noting:
        def words(self, terms, visible, limit):
            asked.append(visible.labels)
            return []

    situation = Situation("us-east-1 web-01 zone-9 INC-77", service="web-01", labels={"region": "us-east-1"})
    assert find_named(with_records.store, Noting(), situation) == {}
    assert asked == [{"incident_id": "zone-9"}, {"incident": "zone-9"}]


def test_what_nothing_matches_lists_the_incidents_of_the_service_that_it_names(memory, clock):
    for number in range(1, 8):
        begun = clock.forward(hours=9)
        resolution = Resolution("worn seal", clock.forward(minutes=5))
        memory.import_history(
            [Incident(f"P-{number}", f"pump {number} drips", begun, service="water-pumps", resolution=resolution)]
        )
    memory.import_history([Incident("Z-1", "lamp flickers", clock.forward(hours=1), service="lamps")])
    clock.forward(days=1)
    german = memory.ask(make_situation("Seit heute früh geht bei Water-Pumps gar nichts mehr, warum?"))
    assert german.verdict == "never_seen"
    shown = {piece.id for piece in german.evidence}
    listed = [other.id for other in german.service_incidents]
    assert listed == [f"P-{number}" for number in range(7, 0, -1) if f"P-{number}" not in shown][:5]
    assert {other.service for other in german.service_incidents} == {"water-pumps"}
    assert memory.ask(make_situation("Seit heute früh geht gar nichts mehr, warum?")).service_incidents == ()
    given = memory.ask(make_situation("Es geht gar nichts mehr", service="lamps"))
    assert [other.id for other in given.service_incidents] == ["Z-1"]
    early = memory.ask(make_situation("Was ist mit water-pumps los?", as_of=clock() - timedelta(days=400)))
    assert early.service_incidents == ()
    assert memory.ask(make_situation("pump 3 drips at water-pumps")).service_incidents == ()


def test_what_was_never_seen_has_a_rate_for_known_and_one_for_other_systems_and_no_probability(memory, clock):
    for title in ("rollers jam on line 2", "crane stands still", "belt is torn"):
        began = clock.forward(hours=3)
        resolution = Resolution(f"found: {title}", clock.forward(minutes=5))
        memory.import_history([Incident(title.partition(" ")[0], title, began, title, resolution=resolution)])
    clock.forward(days=1)
    foreign = memory.ask(
        make_situation("the barista says the espresso machine drips and its rollers squeak every morning")
    )
    assert (foreign.verdict, foreign.confidence, foreign.probability) == ("never_seen", None, 0)
    on_record, elsewhere = foreign.nearest_rates.on_record, foreign.nearest_rates.elsewhere
    assert 0 < on_record.low < on_record.right / on_record.of < on_record.high < 1
    assert (elsewhere.right, elsewhere.low) == (0, 0)
    assert elsewhere.of >= 900
    assert elsewhere.high < 0.01
    assert confidence_sentence(foreign) == (
        f"on public data, the nearest record was right {on_record.right} of {on_record.of} times "
        f"({on_record.low * 100:.0f}–{on_record.high * 100:.0f} %) in questions about systems on record, "
        f"and 0 of {elsewhere.of} times (0–1 %) in questions about other systems"
    )
    seen = memory.ask(make_situation("rollers jam on line 2"))
    assert seen.verdict != "never_seen"
    assert (seen.confidence.basis, seen.nearest_rates) == ("public", None)


def test_reasons_name_no_words_that_say_nothing(memory, clock):
    began = clock()
    resolution = Resolution("grit", clock.forward(minutes=5))
    memory.import_history(
        [Incident("MILL-7", "rollers jam when they start", began, "and get hot", resolution=resolution)]
    )
    clock.forward(days=1)
    (evidence,) = memory.ask(make_situation("rollers get stuck when they should start, out of oil")).evidence
    assert "both mention: rollers, start" in evidence.why
    assert "not mentioned: oil, stuck" in evidence.why or "not mentioned: stuck, oil" in evidence.why
