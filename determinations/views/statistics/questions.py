"""The questions that decisions turn on, with the number of items for each answer."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import reverse

from determinations.browsing.selection import narrow
from determinations.paging.addresses import with_query
from determinations.parsing.grounds import GROUNDS
from determinations.statistics.definition import Filters
from determinations.statistics.ground_questions import QUESTIONS, Question, answers
from determinations.statistics.tabulate import Tally
from determinations.views.statistics.context import Context, Number


@dataclass(frozen=True)
class QuestionRow:
    """A question among the items of a row: how many were upheld and overturned on it, and how often in its favor.

    ``tally`` counts the items of both answers, so its rate is how often the question was decided for the request.
    ``row`` names the row of the table it is about, if it is about one.
    """

    question: Question
    upheld: str
    overturned: str
    upheld_items: Number
    overturned_items: Number
    tally: Tally
    enough: bool
    sentences_url: str
    row: str = ""


def question_row(
    context: Context, question: Question, by_ground: Mapping[str, Tally], row: str = "", filters: Filters | None = None
) -> QuestionRow | None:
    """The row of a question, within the ``filters`` of a row of a table; None if no item was decided on it."""
    tally = answers(question, by_ground)
    if not tally.items:
        return None
    of_row = dict(filters or {})
    lost, won = by_ground.get(question.upheld, Tally()), by_ground.get(question.overturned, Tally())
    return QuestionRow(
        question=question,
        upheld=GROUNDS[question.upheld].label,
        overturned=GROUNDS[question.overturned].label,
        upheld_items=context.items(lost.items, {**of_row, "ground": [question.upheld]}),
        overturned_items=context.items(won.items, {**of_row, "ground": [question.overturned]}),
        tally=tally,
        enough=tally.decided >= context.limits.rate_needs,
        sentences_url=sentences_url(context, of_row, question=question.key) if context.may_browse else "",
        row=row,
    )


def question_rows(context: Context, by_ground: Mapping[str, Tally]) -> list[QuestionRow]:
    """All questions that items of the selection were decided on, in their usual order."""
    rows = (question_row(context, question, by_ground) for question in QUESTIONS)
    return [row for row in rows if row]


def sentences_url(context: Context, filters: Filters | None = None, **which: str) -> str:
    """The address of the page with the sentences behind numbers about grounds."""
    return with_query(reverse("ground_sentences"), narrow(context.query, filters or {}), **which)
