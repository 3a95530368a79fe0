"""What the correction screen shows around the form: the place in the queue, the letter next to it, the choices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from django.contrib.auth.models import User
from django.db.models import QuerySet

from determinations.access.roles import people_who_correct
from determinations.cases.fields import EffectiveRecord
from determinations.cases.open_letter import Change, OpenLetter
from determinations.cases.page_pictures import NotDrawnYet, has_pictures, page_count
from determinations.cases.review_entries import Reason
from determinations.cases.same_case import letters_of_file, shown_pages
from determinations.cases.scanned_words import PicturePage, doubts_in_text, pages_of, picture_pages
from determinations.cases.text_pieces import TextPiece, pieces_of
from determinations.corrections import review_queue
from determinations.corrections.form import CorrectionForm
from determinations.corrections.form_rows import ItemRows, Message
from determinations.corrections.item_changes import write_pending
from determinations.corrections.saving import EditedMeanwhile, Refused, Staged, Unsaved, Warned
from determinations.corrections.submission import Submission, read_span
from determinations.intake.store import letter_limits
from determinations.models import (
    CorrectionReason,
    Letter,
    LetterText,
    ProblemReport,
    ReviewEntry,
    ReviewSettings,
)
from determinations.models.authorities import Family
from determinations.paging.numbered import ItemPage, item_page
from determinations.tasks import send_drawings
from determinations.views.corrections.permissions import StaffRequest
from determinations.views.corrections.reviews import filters_of, place_in_queue, reason_of, requested_queue
from determinations.wording.labels import AuthorityName, CategoryName, Labels
from determinations.wording.states import STATES, StateWords


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """Where the letter is in the review queue, and who can work on it."""

    entry: ReviewEntry | None
    reasons: Sequence[Reason]
    urgency: int
    before: int | None
    after: int | None
    filters: str
    colleagues: Sequence[User]
    snooze_days: int


@dataclass(frozen=True, slots=True)
class LetterPage:
    """One page of the letter's text in pieces; those with a path are the evidence, shown without scripts too."""

    number: int
    start: int
    pieces: Sequence[TextPiece]


@dataclass(frozen=True, slots=True)
class Report:
    """An open report by a user, with the ``anchor`` of the value it concerns and its item's request."""

    row: ProblemReport
    anchor: str
    request: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What fields and the reason offer."""

    reasons: QuerySet[CorrectionReason]
    authorities: Sequence[AuthorityName]
    categories: Sequence[CategoryName]


class ScreenContext(TypedDict):
    """The context of ``correction_screen.html``."""

    opened: OpenLetter
    letter: Letter
    record: EffectiveRecord
    state: StateWords
    file_name: str | None
    form: CorrectionForm
    items: Sequence[ItemRows]
    items_shown: ItemPage
    seen: str
    pending: Sequence[Change]
    pending_json: str
    reason: str
    note: str
    changed_item: str
    errors: Sequence[Message]
    warnings: Sequence[Message]
    edited: EditedMeanwhile | None
    reports: Sequence[Report]
    queue: QueuePlace
    pages: Sequence[LetterPage]
    picture_pages: Sequence[PicturePage]
    scanned_pages: int
    most_scans: int
    file_letters: list[Letter]
    choices: Choices


def screen_context(
    request: StaffRequest, shown: Unsaved, labels: Labels, now: datetime, submission: Submission | None = None
) -> ScreenContext:
    """The context of the screen that shows this form."""
    opened = shown.form.opened
    letter = opened.letter
    text = LetterText.objects.of(letter.pk)
    of_file = letters_of_file(letter)
    numbers = shown_pages(letter, of_file)
    scanned = list(pages_of(letter, text))
    _quote_scanned_words(shown.form, text)
    changed_item = shown.changed_item if isinstance(shown, Staged) else ""
    items = shown.form.items
    holding = next((item.number for item in items if changed_item and item.key == changed_item), None)
    items_shown = item_page(len(items), request.GET, holding=holding)
    return {
        "opened": opened,
        "letter": letter,
        "record": opened.merged.record,
        "state": STATES[letter.state],
        "file_name": letter.arrivals.order_by("pk").values_list("name", flat=True).first(),
        "form": shown.form,
        "items": items[items_shown.shown],
        "items_shown": items_shown,
        "seen": shown.seen,
        "pending": shown.pending,
        "pending_json": write_pending(shown.pending),
        "reason": submission.reason if submission else "",
        "note": submission.note if submission else "",
        "changed_item": changed_item,
        "errors": shown.errors if isinstance(shown, Refused) else (),
        "warnings": shown.warnings if isinstance(shown, Warned) else (),
        "edited": shown if isinstance(shown, EditedMeanwhile) else None,
        "reports": _reports(shown.form),
        "queue": _queue_place(request, letter.pk, now),
        "pages": _pages(text, request.GET.get("evidence", ""), numbers, doubts_in_text(scanned)),
        "scanned_pages": sum(page.number + 1 in numbers for page in scanned) if numbers else len(scanned),
        "most_scans": letter_limits().scanned_pages,
        "file_letters": of_file,
        "picture_pages": picture_pages(_picture_numbers(request, letter, numbers, now), scanned),
        "choices": Choices(
            reasons=CorrectionReason.objects.filter(offered=True),
            authorities=sorted(labels.authorities, key=lambda authority: Family.values.index(authority.family)),
            categories=labels.categories,
        ),
    }


def _queue_place(request: StaffRequest, letter_id: int, now: datetime) -> QueuePlace:
    entry = ReviewEntry.objects.filter(pk=letter_id).select_related("assigned_to").first()
    urgency = place_in_queue(request, entry)
    entries = requested_queue(request, now)
    before, after = review_queue.neighbors(entries, urgency=urgency, letter_id=letter_id)
    return QueuePlace(
        entry=entry,
        reasons=[reason_of(code) for code in entry.reasons] if entry else [],
        urgency=urgency,
        before=before,
        after=after,
        filters=filters_of(request.GET),
        colleagues=list(people_who_correct(but=request.user)) if entry else [],
        snooze_days=ReviewSettings.now().snooze_days,
    )


def _reports(form: CorrectionForm) -> list[Report]:
    reports = review_queue.open_reports(form.opened.letter.pk).select_related("by").order_by("pk")
    return [_report(form, report) for report in reports]


def _report(form: CorrectionForm, report: ProblemReport) -> Report:
    head, number, name, *_below = [*report.path.split("/"), "", "", ""]
    item = form.opened.item(number) if head == "items" else None
    field = name if item else head
    path = "category" if field == "subcategory" else field
    if item:
        path = "/".join(filter(None, ["items", item["key"], path]))
    return Report(report, form.message(path, "").anchor, item["request"] if item else "")


def _picture_numbers(request: StaffRequest, letter: Letter, numbers: range, now: datetime) -> range:
    """The pages that this user may see as pictures; none until a worker has counted them."""
    if not has_pictures(letter) or not request.user.has_perm("determinations.read_original"):
        return range(0)
    if numbers:
        return numbers
    try:
        return range(1, page_count(letter, by=request.user, now=now) + 1)
    except NotDrawnYet as waiting:
        if waiting.is_new:
            send_drawings()
        return range(0)


def _quote_scanned_words(form: CorrectionForm, text: LetterText | None) -> None:
    """Let problems about unclear words of a scan name them."""
    of_items = [problem for item in form.items for problem in item.problems]
    of_values = [problem for row in form.by_path.values() for problem in row.problems]
    for problem in (*form.problems, *of_items, *of_values):
        if text and problem["span"] and problem["code"] == "ocr_doubt":
            problem["word"] = text.text[slice(*problem["span"])]


def _pages(
    text: LetterText | None, evidence: str, numbers: range, doubts: Sequence[tuple[int, int, str]]
) -> list[LetterPage]:
    """The pages of these numbers, with the requested evidence separated, for browsers without scripts.

    Without numbers all pages are given. Carriage returns become spaces, so that the browser counts characters as the
    stored text does. ``doubts`` are unclear words of a scan.
    """
    if text is None:
        return []
    whole = text.text.replace("\r", " ")
    span = read_span(evidence, len(whole))
    pages = pieces_of(whole, text.page_offsets, [("evidence", span)] if span else [], doubts)
    starts = sorted({0, *(offset for offset in text.page_offsets if offset < len(whole))})
    return [
        LetterPage(number, start, pieces)
        for number, (start, pieces) in enumerate(zip(starts, pages, strict=True), start=1)
        if not numbers or number in numbers
    ]
