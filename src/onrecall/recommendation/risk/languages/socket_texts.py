"""What is sent to a socket by hand: questions that monitoring interfaces answer, as `socket_texts.txt` lists them."""

import re
from functools import cache

from onrecall.recommendation.risk.assessment import Assessment, not_understood, read_only
from onrecall.recommendation.risk.sections import lines


def judge_socket_text(text: str) -> Assessment:
    """Whether every line only asks."""
    for line in re.split(r"[\n;]|\\r", text):
        if line.strip() and not _questions().fullmatch(line.strip()):
            return not_understood(f"what `{line.strip()[:40]}` does at the other end")
    return read_only("asks")


@cache
def _questions() -> re.Pattern[str]:
    return re.compile(
        "|".join(f"(?:{line})" for line in lines("languages/socket_texts.txt", "questions")), re.IGNORECASE
    )
