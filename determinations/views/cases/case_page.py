"""One case: its values next to the letter they were read from."""

from collections.abc import Sequence

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from determinations.access import audit
from determinations.access.roles import may_move
from determinations.access.scope import current_scope
from determinations.browsing.neighbors import place_in_list
from determinations.cases.citing import citation_of
from determinations.cases.open_letter import OpenLetter, open_letter
from determinations.cases.page_pictures import has_pictures
from determinations.cases.same_case import letters_of_file, same_case, shown_pages
from determinations.cases.scanned_words import doubts_in_text, pages_of, picture_pages
from determinations.cases.sheet import sheet_of
from determinations.cases.sheet_values import CaseSheet
from determinations.cases.text_pieces import pieces_of
from determinations.intake.store import letter_limits
from determinations.models import Case, Letter, LetterText
from determinations.paging.addresses import changed, link_to
from determinations.paging.numbered import ItemPage, item_page
from determinations.parsing.grounds import reads_grounds
from determinations.views.cases.case_has import case_has, own_reports
from determinations.views.cases.case_places import place_links
from determinations.views.cases.masked_case import masked_case
from determinations.views.casework.case_work import work_context
from determinations.views.duties.case_section import duty_context
from determinations.views.office_fields.case_values import values_context
from determinations.views.requests import person_of, url_if_any
from determinations.views.retention.case_retention import retention_context
from determinations.wording.labels import read_labels

#: Of the values in doubt, so many are listed above the case.
_MOST_DOUBTED = 20


@require_safe
@permission_required("determinations.browse_cases", raise_exception=True)
def case_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The case page. ``list`` (with its filters) is the list the user came from; ``value`` selects the evidence."""
    case = get_object_or_404(Case.objects.select_related("superseded_by", "letter__archived"), pk=pk)
    if current_scope().masked:
        return masked_case(request, case)
    has = case_has(request, case)
    opened = open_letter(pk, case.letter)
    stored = LetterText.objects.of(pk)
    labels = read_labels()
    sheet = sheet_of(opened, labels, stored.text if stored else "")
    items_shown = item_page(len(sheet.items), request.GET)
    place = place_in_list(pk, request.GET, by=person_of(request))
    of_file = letters_of_file(opened.letter) if has.other_letters else [opened.letter]
    audit.note(request, "case.viewed", pk)
    can_read = request.user.has_perm("determinations.read_original")
    context: dict[str, object] = {
        "case": case,
        "letter": opened.letter,
        "sheet": sheet,
        "most_scans": letter_limits().scanned_pages,
        **_doubts(request, sheet, items_shown),
        "items": sheet.items[items_shown.shown],
        "items_shown": items_shown,
        "index": sheet.items[items_shown.shown],
        "chosen": request.GET.get("value", ""),
        "same_case": same_case(case, opened.merged.record, has_older=has.older_versions),
        "file_letters": of_file,
        "reports": list(own_reports(pk, person_of(request)).order_by("-id")[:5]) if has.reports else [],
        "parsed": opened.parser_version,
        "grounds_were_read": bool(opened.grounds_version) or reads_grounds(opened.parser_version),
        "head_rows": _head_rows(sheet),
        "place": place and place_links(place, request.GET),
        "letters_in_file": len(of_file),
        "citation": citation_of(case),
        **_addresses(request, opened.letter, of_file, can_read=can_read),
        **values_context(case, labels.office_fields, person_of(request)),
        **duty_context(case, opened.merged.record["items"], has),
        **work_context(request, case, has),
        **retention_context(request, case, has),
        **(_letter_pane(request, opened, stored, sheet, of_file, items_shown) if can_read else {}),
    }
    return render(request, "cases/case_detail.html", context)


def _addresses(
    request: HttpRequest, letter: Letter, of_file: Sequence[Letter], *, can_read: bool
) -> dict[str, object]:
    """Where the buttons of the page lead; empty for what the user may not do."""
    may_correct = request.user.has_perm("determinations.correct_cases")
    has_own_pages = can_read and len(of_file) > 1 and has_pictures(letter)
    return {
        "correct_url": url_if_any("review_letter", letter.pk) if may_correct else "",
        "move_url": url_if_any("move_case", letter.pk) if may_move(person_of(request)) else "",
        "original_url": url_if_any("letter_original", letter.pk) if can_read else "",
        "own_pages_url": url_if_any("letter_own_pages", letter.pk) if has_own_pages else "",
    }


def _doubts(request: HttpRequest, sheet: CaseSheet, items_shown: ItemPage) -> dict[str, object]:
    return {
        "doubted": [(path, _doubt_url(request.GET, path, items_shown)) for path in sheet.doubted[:_MOST_DOUBTED]],
        "more_doubted": max(0, len(sheet.doubted) - _MOST_DOUBTED),
    }


def _doubt_url(query: QueryDict, path: str, items_shown: ItemPage) -> str:
    """Where the first doubt about a value is: on this page, or on the page of items that has it."""
    if not path.startswith("items/") or items_shown.shows(path):
        return f"#doubt-{path}"
    return f"{link_to(changed(query, {'item': path.split('/')[1]}, without=('items',)))}#doubt-{path}"


def _head_rows(sheet: CaseSheet) -> list[object]:
    names = (
        "decision_date", "date_of_injury", "ur_denial_date", "application_received", "date_assigned", "priority",
        "age", "sex", "specialties", "licensure", "case_number",
    )  # fmt: skip
    return [sheet.values[name] for name in names]


def _letter_pane(
    request: HttpRequest,
    opened: OpenLetter,
    stored: LetterText | None,
    sheet: CaseSheet,
    of_file: Sequence[Letter],
    items_shown: ItemPage,
) -> dict[str, object]:
    """Page pictures and text for a PDF or a scan; only the text for a text letter."""
    letter = opened.letter
    shows_pages = has_pictures(letter) and bool(letter.pages) and bool(url_if_any("letter_boxes", letter.pk))
    scanned = list(pages_of(letter, stored))
    as_text = not shows_pages or request.GET.get("show") == "text"
    numbers = shown_pages(letter, of_file)
    spans = [(path, span) for path, span in sheet.spans if items_shown.shows(path)]
    pages = pieces_of(stored.text, stored.page_offsets, spans, doubts_in_text(scanned)) if stored else []
    return {
        "has_pictures": shows_pages,
        "as_text": as_text,
        "scanned_pages": sum(page.number + 1 in numbers for page in scanned),
        "picture_pages": picture_pages(numbers, scanned),
        "text_pages": [(number, page) for number, page in enumerate(pages, 1) if not numbers or number in numbers],
        "text_query": link_to(changed(request.GET, {"show": "text"})),
        "pictures_query": link_to(changed(request.GET, {"show": ""})),
    }
