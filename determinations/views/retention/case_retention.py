"""What becomes of one case: its legal hold and its place in the archive."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from determinations.models import ArchivedCase, Case, LegalHold
from determinations.paging.counts import whole_number
from determinations.retention import archive, holds
from determinations.retention.archive import ArchiveRefused
from determinations.retention.holds import HoldRefused, OnHold
from determinations.views.cases.case_has import CaseHas, case_has
from determinations.views.requests import person_of
from determinations.views.typed_forms import restored

_PERMISSIONS = ("determinations.hold_cases", "determinations.archive_cases", "determinations.erase_letters")


def retention_context(request: HttpRequest, case: Case, has: CaseHas) -> dict[str, object]:
    """For the case page: the holds on the case, and whether it is archived; the case was read with that row."""
    archived: ArchivedCase | None = getattr(case.letter, "archived", None)
    return {
        "holds": holds.holds_on([case.pk]) if has.holds else [],
        "archived": archived if archived and archived.restored_at is None else None,
        "may_keep": any(request.user.has_perm(name) for name in _PERMISSIONS),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def case_retention(request: HttpRequest, pk: int) -> HttpResponse:
    """The forms to place and release a hold, to archive the case and bring it back; the link to erasure."""
    if not any(request.user.has_perm(name) for name in _PERMISSIONS):
        raise PermissionDenied
    case = get_object_or_404(Case.objects.select_related("letter__archived"), pk=pk)
    refused = ""
    if request.method == "POST":
        try:
            messages.success(request, _act(request, case))
        except (HoldRefused, OnHold, ArchiveRefused) as refusal:
            refused = str(refusal)
        else:
            return redirect("case_retention", pk)
    context = {
        "case": case,
        "refused": refused,
        "typed": request.POST or restored(request) or {},
        "earlier": LegalHold.objects.filter(letter_id=pk, released_at__isnull=False).order_by("-pk")[:20],
        **retention_context(request, case, case_has(request, case)),
    }
    return render(request, "retention/case.html", context, status=422 if refused else 200)


def _act(request: HttpRequest, case: Case) -> str:
    by, now, reason = person_of(request), timezone.now(), request.POST.get("reason", "").replace("\0", "")
    match request.POST.get("do"):
        case "hold":
            holds.place_hold(case.pk, reason=reason, by=by, now=now)
            return "The case is under a legal hold now."
        case "release":
            hold_id = whole_number(request.POST.get("hold", ""))
            hold = get_object_or_404(LegalHold, pk=hold_id, pk__in=[hold.pk for hold in holds.holds_on([case.pk])])
            holds.release_hold(hold.pk, reason=reason, by=by, now=now)
            return "The hold was released."
        case "archive":
            archive.archive_case(case.pk, reason=reason, by=by, now=now)
            return "The case was archived."
        case "restore":
            archive.restore_case(case.pk, by=by, now=now)
            return "The case is back on the lists."
        case _:
            raise HoldRefused("Choose what to do.")
