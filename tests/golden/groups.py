"""The groups of golden cases, and the function that records each."""

from collections.abc import Callable, Mapping
from typing import Any

from .backtest_figures import record_figures
from .grouping_plans import record_plans
from .notification_timelines import record_timelines
from .retrieval_rankings import record_rankings
from .whole_answers import record_answers

GROUPS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "grouping_plans": record_plans,
    "retrieval_rankings": record_rankings,
    "whole_answers": record_answers,
    "notification_timelines": record_timelines,
    "backtest_figures": record_figures,
}
"""Each function returns the record of every case by the case's name."""
AT_LEAST = {
    "grouping_plans": 40,
    "retrieval_rankings": 60,
    "whole_answers": 30,
    "notification_timelines": 12,
    "backtest_figures": 12,
}
"""The number of cases that each group covers at the least."""
