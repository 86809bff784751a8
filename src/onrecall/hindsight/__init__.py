"""What a Hindsight server knows comes in.
Documents to keep there go out, and questions.
"""

from onrecall.hindsight.bank import HindsightBank
from onrecall.hindsight.replies import BankMatch, BankState, StoredDocument

__all__ = ["BankMatch", "BankState", "HindsightBank", "StoredDocument"]
