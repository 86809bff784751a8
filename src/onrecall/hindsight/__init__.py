"""A Hindsight server beside OnRecall: what is kept there, what comes from there, and what it says to a question."""

from onrecall.hindsight.bank import HindsightBank
from onrecall.hindsight.replies import BankMatch, BankState, StoredDocument

__all__ = ["BankMatch", "BankState", "HindsightBank", "StoredDocument"]
