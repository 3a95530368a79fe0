"""The file of a letter: its letters and their pages. Administrators may set the pages by hand."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from determinations.cases.same_case import letters_of_file, names_of
from determinations.models import Letter
from determinations.models.letters import Lane
from determinations.paging.counts import whole_number
from determinations.parsing.source import PageRange
from determinations.reading.page_ranges import PagesRefused, set_pages
from determinations.tasks import send_waiting
from determinations.views.requests import person_of
from determinations.views.typed_forms import restored


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(["determinations.browse_cases", "determinations.correct_cases"], raise_exception=True)
def letter_file(request: HttpRequest, pk: int) -> HttpResponse:
    """List the letters of the file with their pages. POST sets the pages and requeues the file."""
    letter = get_object_or_404(Letter, pk=pk)
    letters = letters_of_file(letter)
    error = ""
    if request.method == "POST":
        try:
            ranges = {row.pk: _range(request.POST, str(row.pk)) for row in letters}
            added = _range(request.POST, "added") if request.POST.get("added-first", "").strip() else None
            set_pages(pk, ranges, by=person_of(request), now=timezone.now(), added=added)
        except PagesRefused as refusal:
            error = str(refusal)
        else:
            send_waiting(Lane.INTERACTIVE)
            messages.success(request, "The pages are saved. The file is being read again; corrections stay in force.")
            return redirect("letter_file", pk)
    typed = request.POST or restored(request) or QueryDict()
    context = {
        "letter": letter,
        "name": names_of([letter])[pk],
        "rows": [(row, *_typed(typed, row)) for row in letters],
        "added": (typed.get("added-first", ""), typed.get("added-last", "")),
        "error": error,
    }
    return render(request, "intake/letter_file.html", context, status=422 if error else 200)


def _range(post: QueryDict, name: str) -> PageRange:
    first, last = (whole_number(post.get(f"{name}-{end}", "").strip()) for end in ("first", "last"))
    if first is None or last is None:
        raise PagesRefused("Enter the first and the last page of each letter as numbers.")
    return first, last


def _typed(post: QueryDict, row: Letter) -> tuple[str, str]:
    """The submitted pages, or the current ones."""
    numbers = row.page_numbers
    first, last = (numbers[0], numbers[-1]) if numbers else ("", "")
    return post.get(f"{row.pk}-first", str(first)), post.get(f"{row.pk}-last", str(last))
