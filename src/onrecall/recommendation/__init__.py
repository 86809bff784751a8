"""Evidence comes in.
A verdict, causes and steps go out, each cited to a line of the evidence.
"""

from onrecall.recommendation.compose import compose, step_keys
from onrecall.recommendation.step_keys import step_key
from onrecall.recommendation.thresholds import Thresholds

__all__ = ["Thresholds", "compose", "step_key", "step_keys"]
