import pytest

from onrecall.domain.severity import parse_severity


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ("P1", "critical"), ("SEV0", "critical"), ("Sev-2", "high"), ("sev 3", "medium"), ("S4", "low"), ("P5", "info"),
        ("1 - Critical", "critical"), ("2 - High", "high"), ("3 - Moderate", "medium"), ("4 - Low", "low"), ("5 - Planning", "info"),
        ("3 - Low", "low"), ("1", "critical"), ("5", "info"), ("Blocker", "critical"), ("Highest", "critical"), ("Major", "high"),
        ("Minor", "low"), ("warning", "medium"), ("severity: high", "high"), ("SEV2 (major)", "high"), ("priority 2", "high"), ("page", "high"),
        ("", "unknown"), (None, "unknown"), ("whatever", "unknown"), ("99", "unknown"), ("HTTP 5", "unknown"),
    ],
)  # fmt: skip
def test_everybodys_words(said, ours):
    assert parse_severity(said) == ours
