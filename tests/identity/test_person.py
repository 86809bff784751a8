"""The name under which a person's actions are recorded."""

from typing import Any

import pytest

from onrecall.identity.person import person_of
from onrecall.identity.provider import ProviderSettings

SETTINGS = ProviderSettings(
    "https://login.example",
    "recall",
    None,
    "Example",
    "openid",
    "groups",
    {"*": "viewer"},
    (),
    "https://recall.example",
)


def name_of(**claims: Any) -> str:
    person, _ = person_of(SETTINGS.issuer, {"sub": "u-1", **claims}, SETTINGS, {})
    return person.name


@pytest.mark.parametrize("hidden", ["\u3164", "\u115f", "\ufe0f", "\u200b", "\u034f", "\u00ad", "\u202e"])
def test_no_character_that_nobody_sees_makes_another_name(hidden: str) -> None:
    assert name_of(preferred_username=f"an{hidden}n") == "ann"
    assert name_of(preferred_username=f"slack{hidden}") == "slack (account)"
    assert name_of(preferred_username=hidden) == "u-1"


def test_a_name_keeps_what_its_language_is_written_with() -> None:
    assert name_of(preferred_username="José Müller") == "José Müller"
    assert name_of(preferred_username="نرگس") == "نرگس"
