"""The correction screen: a letter next to its values."""

from collections.abc import Mapping
from dataclasses import replace

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from determinations.access import audit
from determinations.cases.open_letter import OpenLetter, open_letter
from determinations.corrections.form import form_of
from determinations.corrections.saving import EditedMeanwhile, Refused, Saved, Staged, Unsaved, Warned, handle
from determinations.corrections.submission import read_span, read_submission
from determinations.models import Letter, LetterText
from determinations.parsing.citations import read_guideline
from determinations.reference.aliases import aliases_in_force
from determinations.views.corrections.permissions import StaffRequest, may_correct, storable_query
from determinations.views.corrections.reviews import next_address
from determinations.views.corrections.screen_context import screen_context
from determinations.views.typed_forms import restored
from determinations.wording.labels import read_labels

_TEMPLATE = "corrections/correction_screen.html"
#: A verb that neither saves nor changes items: the form is shown with what was typed.
_SHOW = "show"
#: Characters of a selected line that are read in the request: the worst text of this length takes .2 s.
_LONGEST_LINE = 2_000
_STATUS: Mapping[type[Unsaved], int] = {Staged: 200, Refused: 422, Warned: 422, EditedMeanwhile: 409}


@may_correct
def review_letter(request: StaffRequest, letter_id: int) -> HttpResponse:
    """One letter next to its values, to be corrected."""
    opened = _opened(letter_id)
    if request.method == "POST":
        audit.note_once(request, "review.opened", letter_id)
        return _submitted(request, opened)
    audit.note(request, "review.opened", letter_id)
    if (kept := restored(request)) is not None:
        return _restored(request, opened, storable_query(kept))
    labels = read_labels()
    shown = Unsaved(form_of(opened, labels), (), opened.version)
    return render(request, _TEMPLATE, screen_context(request, shown, labels, timezone.now()))


def _opened(letter_id: int) -> OpenLetter:
    try:
        return open_letter(letter_id)
    except Letter.DoesNotExist:
        raise Http404 from None


def _submitted(request: StaffRequest, opened: OpenLetter) -> HttpResponse:
    now = timezone.now()
    submission = read_submission(request.POST)
    labels = read_labels()
    outcome = handle(submission, opened, labels, by=request.user, now=now)
    if isinstance(outcome, Saved):
        saved = ngettext("Saved: %d value.", "Saved: %d values.", outcome.count) % outcome.count
        messages.success(request, saved if outcome.count else _("Nothing was changed."))
        return redirect(next_address(request, opened.letter.pk, now))
    context = screen_context(request, outcome, labels, now, submission)
    return render(request, _TEMPLATE, context, status=_STATUS[type(outcome)])


def _restored(request: StaffRequest, opened: OpenLetter, typed: QueryDict) -> HttpResponse:
    """The screen with what was typed before the session ended; nothing is saved yet."""
    now, labels = timezone.now(), read_labels()
    submission = replace(read_submission(typed), verb=_SHOW)
    outcome = handle(submission, opened, labels, by=request.user, now=now)
    assert isinstance(outcome, Unsaved)
    return render(request, _TEMPLATE, screen_context(request, outcome, labels, now, submission))


@may_correct
@require_POST
def read_line(request: StaffRequest, letter_id: int) -> JsonResponse:
    """The citations that the parser reads in a selected piece of the letter."""
    text = get_object_or_404(LetterText.objects.select_related("kept_with"), pk=letter_id).of_file.text
    audit.note_once(request, "review.opened", letter_id)
    span = read_span(request.POST.get("evidence", ""), len(text))
    if span is None or span[1] - span[0] > _LONGEST_LINE:
        return JsonResponse({"citations": []})
    reading = read_guideline(text, *span, aliases=aliases_in_force())
    labels = read_labels()
    return JsonResponse(
        {
            "citations": [
                {
                    "authority": labels.of("authority", citation.authority),
                    "edition": citation.edition,
                    "sections": citation.sections,
                    "pages": citation.pages,
                    "text": citation.text,
                    "span": citation.span,
                }
                for citation in reading.citations
            ]
        }
    )
