"""The grader: a learner's engine checked stage by stage, and its slips named."""

from __future__ import annotations

from micrograd.grading.grades import answer_of, grade
from micrograd.grading.report import Report, Result

__all__ = ["Report", "Result", "answer_of", "grade"]
