"""The questions that are put to every artwork, and their answers.

To add a check: write it in a file of its own as a `Check`, and add it to `CHECKS`; whoever audits asks them all.
"""

from provenance.audit.check import Answer, Check, Subject, ask
from provenance.audit.finding import Finding, Match
from provenance.audit.similarity import Similarity, compare

__all__ = ["CHECKS", "Answer", "Check", "Finding", "Match", "Subject", "ask", "compare"]

CHECKS: tuple[Check, ...] = (Similarity(),)
"""All checks, in the order in which they are asked."""
