"""Refining: a model chooses from the evidence, puts it in order and explains it; code checks every word it says."""

from onrecall.recommendation.llm.options import Options, options
from onrecall.recommendation.llm.prompt import Prompt
from onrecall.recommendation.llm.refined_answer import refined
from onrecall.recommendation.llm.routing import Attempt, Failed, Model, Outcome, Reply, escalate

__all__ = ["Attempt", "Failed", "Model", "Options", "Outcome", "Prompt", "Reply", "escalate", "options", "refined"]
