"""Refining: a model chooses from the evidence, puts it in order and explains it; code checks every word it says."""

from onrecall.recommendation.llm.escalate import Attempt, Failed, Model, Outcome, Reply, escalate
from onrecall.recommendation.llm.options import Options, options
from onrecall.recommendation.llm.prompt import Prompt
from onrecall.recommendation.llm.refined import refined

__all__ = ["Attempt", "Failed", "Model", "Options", "Outcome", "Prompt", "Reply", "escalate", "options", "refined"]
