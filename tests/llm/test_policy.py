"""A model's draft keeps a procedure in its order and brings it to its end."""

import pytest

from onrecall.domain.evidence import Citation
from onrecall.domain.recommendation import Risk, Step
from onrecall.domain.situation import Situation
from onrecall.recommendation.llm.checks import check_draft
from onrecall.recommendation.llm.draft import ChosenStep, Draft, Sentence
from onrecall.recommendation.llm.options import Cause, Options
from onrecall.redaction.reversible_mask import Mask

ORDER = "it puts steps of one source in another order"
CUT = "it breaks a procedure off"
FIRST = "it begins with something that may lose data"


def step(number: int, risk: Risk, source: str = "INC-A") -> Step:
    return Step(n=number, text=f"Step {number}", citation=Citation(source, f"Step {number}", number), risk=risk)


PROCEDURE = {
    "S1": step(1, "disruptive"),
    "S2": step(2, "destructive"),
    "S3": step(3, "reversible"),
    "S4": step(4, "read_only"),
    "S5": step(5, "read_only", "INC-B"),
}


def flaws(*chosen: str, steps=PROCEDURE) -> set[str]:
    cause = Cause("C1", "The log was torn", None, None, ("INC-A",), steps)
    options = Options({"C1": cause}, {}, {}, {}, Situation("it is torn"))
    draft = Draft(
        cause="C1",
        explanation=[Sentence(text="It is torn.", cites=["E1.1"])],
        steps=[ChosenStep(step=name, command=None, why=None) for name in chosen],
    )
    return {flaw.kind for flaw in check_draft(draft, options, Mask("n"))}


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (("S1", "S2", "S3"), set()),
        (("S5", "S1", "S2", "S3", "S4"), set()),
        (("S3", "S4"), set()),
        (("S1", "S3", "S2"), {ORDER}),
        (("S4", "S1", "S2", "S3"), {ORDER}),
        (("S1", "S2"), {CUT}),
        (("S1", "S3"), {CUT}),
        (("S2", "S3"), {FIRST}),
    ],
)
def test_a_draft_keeps_the_order_and_the_end_of_a_procedure(chosen, expected):
    assert flaws(*chosen) & {ORDER, CUT, FIRST} == expected


def test_steps_cited_on_the_page_and_in_the_postmortem_are_one_procedure():
    in_report = Step(2, "Step 2", Citation("PM-4", "Step 2", 31, incident="INC-A"), "reversible")
    steps = {"S1": step(1, "disruptive"), "S2": in_report}
    assert flaws("S2", "S1", steps=steps) & {ORDER, CUT} == {ORDER}
    assert flaws("S1", steps=steps) & {ORDER, CUT} == {CUT}
    assert not flaws("S1", "S2", steps=steps) & {ORDER, CUT}


def test_what_loses_data_may_stay_first_where_it_stood_first():
    assert FIRST not in flaws("S2", steps={"S2": PROCEDURE["S2"]})
