"""An id of a record in a question raises no match, and a foreign question says what its figure counts."""

import pytest

from onrecall.domain.incident import Incident, Resolution
from onrecall.domain.situation import make_situation


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
    bare = memory.ask(make_situation("the printer is out of toner"))
    named = memory.ask(make_situation(f"the printer is out of toner, {name}"))
    assert [(piece.id, piece.score) for piece in named.evidence] == [(piece.id, piece.score) for piece in bare.evidence]
    assert named.verdict == "never_seen"


def test_the_figure_beside_never_seen_says_which_questions_it_counts(memory, clock):
    for title in ("rollers jam on line 2", "crane stands still", "belt is torn"):
        began = clock.forward(hours=3)
        resolution = Resolution(f"found: {title}", clock.forward(minutes=5))
        memory.import_history([Incident(title.partition(" ")[0], title, began, title, resolution=resolution)])
    clock.forward(days=1)
    foreign = memory.ask(
        make_situation("the barista says the espresso machine drips and its rollers squeak every morning")
    )
    assert (foreign.verdict, foreign.confidence.basis) == ("never_seen", "public")
    assert foreign.confidence_reason.endswith("for any other system nothing on record is right")
    seen = memory.ask(make_situation("rollers jam on line 2"))
    assert seen.verdict != "never_seen"
    assert "any other system" not in seen.confidence_reason


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
