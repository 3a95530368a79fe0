"""Questions that decisions turn on: a ground for upholding a denial and the ground that answers it."""

from collections.abc import Mapping
from typing import NamedTuple

from determinations.statistics.tabulate import Tally


class Question(NamedTuple):
    """A question with opposite answers; ``upheld`` and ``overturned`` are codes of ``parsing.grounds.GROUNDS``."""

    key: str
    label: str
    upheld: str
    overturned: str


QUESTIONS: tuple[Question, ...] = (
    Question("criteria", "Were the guideline's criteria met?", "criteria_not_met", "criteria_met"),
    Question("first-line", "Had first-line treatment failed?", "first_line_not_tried", "first_line_failed"),
    Question("benefit", "Did earlier treatment help?", "no_benefit_shown", "benefit_shown"),
    Question("limits", "Was it within the guideline's limits?", "exceeds_limits", "within_limits"),
    Question("recommended", "Was it recommended?", "not_recommended", "recommended"),
    Question("evidence", "Was there evidence for it?", "no_evidence", "evidence_beyond_guideline"),
    Question("related", "Was the related item necessary?", "parent_not_necessary", "parent_necessary"),
)
QUESTION_BY_KEY: Mapping[str, Question] = {question.key: question for question in QUESTIONS}


def answers(question: Question, by_ground: Mapping[str, Tally]) -> Tally:
    """Items decided on the question: its rate is how often the answer was in favor of the request."""
    return by_ground.get(question.upheld, Tally()) + by_ground.get(question.overturned, Tally())
