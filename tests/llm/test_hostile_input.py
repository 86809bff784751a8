"""What strangers can write into documents, labels and refusals of a server costs no more than reading it."""

import pytest

from growth import grows_at_most
from onrecall.recommendation.llm.extraction import Extraction, QuotedStep, verify_extraction
from onrecall.recommendation.llm.placeholder_filling import is_filled_template
from onrecall.recommendation.llm.refusals import Refusal
from onrecall.recommendation.llm.request_form import RequestForm
from onrecall.redaction.reversible_mask import Mask


def test_a_refusal_nested_without_end_is_one_without_words() -> None:
    refusal = Refusal(400, "[" * 200_000)
    assert refusal.reason == "it answered 400"
    assert refusal.failed_generation is None
    assert refusal.named_parameter(RequestForm()) is None


@pytest.mark.parametrize(
    ("template", "command", "filled"),
    [
        ("kubectl -n <namespace> get <kind>", "kubectl -n checkout get checkout", True),
        ("kubectl -n <namespace> get <kind>", "kubectl -n checkout get <kind>", True),
        ("kubectl -n <namespace> get pods", "kubectl -n checkout get pods -o yaml", False),
        ("kubectl -n <namespace> get pods", "kubectl -n other get pods", False),
        ("scale ‹web›-‹7›", "scale checkout-eu", True),
        ("scale <a><b>", "scale checkoutcheckout-eu", True),
        ("scale <a><b>", "scale eucheckout", True),
        ("scale <a><b>", "scale checkoute", False),
        ("drop <table>", "drop x; rm -rf /", False),
    ],
)
def test_only_own_values_fill_a_placeholder(template: str, command: str, *, filled: bool) -> None:
    fields = {"service": "checkout", "region": "eu", "pod": "checkout-eu", "note": "x; rm -rf /"}
    assert is_filled_template(template, command, fields) is filled


@pytest.mark.growth
def test_placeholders_side_by_side_are_no_puzzle() -> None:
    fields = {"a": "a", "b": "aa"}
    few, many = (("<x>" * count, "a" * (count * 3 // 2) + "!") for count in (12, 25))
    assert grows_at_most(8, lambda pair: is_filled_template(*pair, fields), few, many)


@pytest.mark.growth
def test_a_quotation_that_stands_everywhere_is_located_in_linear_time() -> None:
    quoted = Extraction(root_cause=None, steps=[QuotedStep(line=1, text="pool pool pool")])
    short, long = ("\n".join(["pool " * 120] * lines) for lines in (75, 600))
    mask = Mask("n")
    assert grows_at_most(20, lambda text: verify_extraction(quoted, text, mask, lambda _: None), short, long)
