"""Refining: a model chooses from the evidence, puts it in order and explains it; code checks every word it says."""

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
