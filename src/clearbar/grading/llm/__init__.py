"""The LLM grader: prompt, reply, evidence, calls, limits, and what they cost. The only place with an LLM SDK."""

from clearbar.grading.llm.estimate import Estimate, estimate
from clearbar.grading.llm.grader import LlmGrader, available, why_unavailable
from clearbar.grading.llm.ledger import Ledger
from clearbar.grading.llm.memory import MemoryLedger
from clearbar.grading.llm.models import find_model

__all__ = ["Estimate", "Ledger", "LlmGrader", "MemoryLedger", "available", "estimate", "find_model", "why_unavailable"]
