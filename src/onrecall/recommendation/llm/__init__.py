"""An answer and its evidence come in.
The answer as a language model refined it goes out, if every word passed the checks; else nothing.
"""

from onrecall.recommendation.llm.options import Options, build_options
from onrecall.recommendation.llm.prompt import Prompt
from onrecall.recommendation.llm.refined_answer import build_refined_answer
from onrecall.recommendation.llm.routing import Attempt, Model, ModelError, RefinementResult, Reply, escalate

__all__ = [
    "Attempt",
    "Model",
    "ModelError",
    "Options",
    "Prompt",
    "RefinementResult",
    "Reply",
    "build_options",
    "build_refined_answer",
    "escalate",
]
