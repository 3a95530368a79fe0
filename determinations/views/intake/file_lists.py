"""What the pages of uploads, of a batch and of letters share: lists of files, and tabs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode

from determinations.access import audit
from determinations.intake.batches import GROUPS, Tab
from determinations.models import Case, Letter, Upload
from determinations.paging.addresses import changed
from determinations.paging.counts import count_up_to
from determinations.paging.keyset import Order, Page
from determinations.tables.uploads import CaseOfLetter, FileRow, FileTable, KnownOfLetters
from determinations.views.requests import wants_part

may_upload = permission_required("determinations.upload_letters", raise_exception=True)
NEWEST_FIRST = Order("id", descending=True, nullable=False)


def file_list(request: HttpRequest, page: Page[Any], rows: list[FileRow]) -> dict[str, object]:
    """The context of a list of files or letters; recorded as viewed."""
    audit.note_list(request, "uploaded files", [row.letter.pk for row in rows if row.letter is not None])
    may_retry = request.user.has_perm("determinations.retry_letters")
    has_buttons = any(row.unopened or (may_retry and row.may_retry) for row in rows)
    hidden = [] if has_buttons else ["retry"]
    return {
        "page": page,
        "table": FileTable(rows, query=request.GET, hidden=hidden),
        "may_retry": may_retry,
        "filtered": any(request.GET.get(key) for key in ("state", "layout", "name")),
        "layout": request.GET.get("layout", ""),
        "query": changed(request.GET, without=request.GET.keys() - {"state", "layout", "name"}).urlencode(),
        "back": request.get_full_path(),
    }


def whole_or_part(request: HttpRequest, whole: str, part: str, context: Mapping[str, object]) -> HttpResponse:
    """The page, or the part of it that refreshes itself."""
    response = render(request, part if wants_part(request) else whole, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def with_links(query: QueryDict, tabs: Iterable[Tab]) -> list[dict[str, object]]:
    """Tabs as links that keep the search for a name."""
    chosen = query.get("state", "")
    name = str(query.get("name", ""))
    named = {"name": name} if name else {}
    return [
        {
            "label": tab.label,
            "count": tab.count,
            "query": "?" + urlencode(({"state": tab.key} if tab.key else {}) | named),
            "current": tab.key == chosen,
        }
        for tab in tabs
    ]


def letter_tabs() -> list[Tab]:
    """Groups of states of letters of all batches, each with its count."""
    groups = [(group, Letter.objects.filter(state__in=group.states)) for group in GROUPS if group.key != "parsed"]
    return [Tab(group.key, group.label, count_up_to(letters)) for group, letters in groups]


def name_of(upload: Upload) -> str:
    """Who uploaded the batch."""
    return upload.by.get_username() if upload.by else "import"


def known_of(letters: Sequence[Letter]) -> KnownOfLetters:
    """The cases of the letters, and how many letters their files hold."""
    cases = Case.objects.filter(pk__in=[letter.pk for letter in letters])
    of_file = Letter.objects.filter(sha256__in={letter.sha256 for letter in letters}).values("sha256")
    columns = ("case_number", "superseded_by", "is_copy", "outcome", "item_count", "overturned_count")
    return KnownOfLetters(
        {
            case.pk: CaseOfLetter(
                case.case_number,
                case.superseded_by_id,
                case.is_copy,
                case.outcome,
                f"{case.overturned_count}/{case.item_count}" if case.item_count > 1 else "",
            )
            for case in cases.only(*columns)
        },
        dict(of_file.annotate(letters=Count("pk")).values_list("sha256", "letters")),
    )
