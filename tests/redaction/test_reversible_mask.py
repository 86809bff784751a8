"""What goes to a third party has placeholders, and what comes back has the values again."""

import pytest

from onrecall.redaction import reversible_mask
from onrecall.redaction.reversible_mask import Mask

SECRET = "q7Wz" + "4kRt9LpX"


def test_a_text_that_comes_again_is_hidden_the_same_and_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []
    find = reversible_mask.find_secrets

    def count(text: str):
        searched.append(text)
        return find(text)

    monkeypatch.setattr(reversible_mask, "find_secrets", count)
    mask = Mask("0123")
    line = f"DB_PASSWORD={SECRET} refused"
    hidden = mask.hide(line)
    assert SECRET not in hidden
    assert mask.hide(line) == hidden
    assert mask.restore(hidden) == line
    assert searched == [line]


def test_the_same_value_has_one_placeholder_in_all_texts() -> None:
    mask = Mask("0123")
    first, second = mask.hide(f"DB_PASSWORD={SECRET}"), mask.hide(f"export DB_PASSWORD={SECRET}")
    assert first.partition("=")[2] == second.partition("=")[2]
