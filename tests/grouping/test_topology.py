import pytest

from onrecall.domain.errors import Invalid
from onrecall.grouping import ServiceGraph

SHOP = ServiceGraph.of(
    {"Web": ["cart", "search"], "cart": ["redis", "db"], "search": ["db"], "mail": None, "audit": ["db", "audit"]}
)


def test_reads_services_without_case_and_keeps_both_directions() -> None:
    assert SHOP.needs["web"] == {"cart", "search"}
    assert SHOP.needed_by["db"] == {"cart", "search", "audit"}
    assert SHOP.needs["audit"] == {"db"}
    assert "mail" in SHOP
    assert "nowhere" not in SHOP
    assert ServiceGraph.of(None) == ServiceGraph.of({}) == ServiceGraph()


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        (["web"], "topology", "not ['web'] (list)"),
        ("web: cart", "topology", "(str)"),
        ({"web": "cart"}, "topology.web", "as a list, not 'cart'"),
        ({"web": {"cart": 1}}, "topology.web", "as a list"),
        ({"web": ["cart", 8080]}, "topology.web", "put it in quotes if it looks like a number"),
        ({True: ["cart"]}, "topology", "not True (bool)"),
        ({"web": [""]}, "topology.web", "a service's name is text"),
        ({" ": []}, "topology", "a service's name is text"),
    ],
)
def test_says_what_is_wrong_and_where(said: object, field: str, words: str) -> None:
    with pytest.raises(Invalid) as error:
        ServiceGraph.of(said)
    assert error.value.field == field
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("web", "cart", "web depends on cart"),
        ("cart", "web", "web depends on cart"),
        ("web", "redis", "web depends on redis through cart"),
        ("cart", "search", "cart and search both depend on db"),
    ],
)
def test_a_tie_says_how_a_fault_may_pass(one: str, other: str, reason: str) -> None:
    tie = SHOP.relation(one, other)
    assert tie
    assert tie.reason == reason


def test_what_a_third_one_needs_is_not_tied() -> None:
    both_needed = ServiceGraph.of({"web": ["cart", "ads"]})
    assert both_needed.relation("cart", "ads") is None
    assert both_needed.relation("cart", "cart") is None
    assert SHOP.relation("mail", "web") is None


def test_a_dependency_that_many_share_ties_them_less() -> None:
    few = ServiceGraph.of({"a": ["db"], "b": ["db"]}).relation("a", "b")
    many = ServiceGraph.of({name: ["db"] for name in "abcdefgh"}).relation("a", "b")
    assert few
    assert many
    assert many.strength < few.strength


def test_reach_follows_circles_to_their_end() -> None:
    assert ServiceGraph.of({"a": ["b"], "b": ["c"], "c": ["a"]}).upstream("b") == {"a", "b", "c"}
