"""Removing a letter: what would be deleted, the reason, and the confirmation."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from determinations.cases.fields import words
from determinations.corrections import removal
from determinations.models import Case, Correction, Letter, ReviewSettings
from determinations.retention.holds import OnHold, holds_on
from determinations.templatetags.frame import day
from determinations.views.corrections.permissions import StaffRequest
from determinations.views.typed_forms import restored

_NAMES_SHOWN = 5


@require_http_methods(["GET", "POST"])
@permission_required("determinations.delete_letter", raise_exception=True)
def remove_letter(request: StaffRequest, letter_id: int) -> HttpResponse:
    """Ask for a reason and confirmation; then remove the letter."""
    letter = get_object_or_404(Letter, pk=letter_id)
    errors = _errors(request.POST) if request.method == "POST" else []
    if request.method == "POST" and not errors:
        return _remove(request, letter_id)
    context: dict[str, object] = {
        "letter": letter,
        "case": Case.objects.filter(pk=letter_id).first(),
        "names": list(letter.arrivals.order_by("-pk").values_list("name", flat=True)[:_NAMES_SHOWN]),
        "corrections": Correction.objects.of([letter]).count(),
        "keep_until": removal.kept_until(letter),
        "is_over": removal.kept_until(letter) <= timezone.now().date(),
        "years": ReviewSettings.now().retention_years,
        "errors": errors,
        "holds": holds_on([letter_id]),
        "typed": request.POST or restored(request) or {},
    }
    return render(request, "corrections/remove_letter.html", context, status=422 if errors else 200)


def _errors(typed: QueryDict) -> list[str]:
    errors = []
    if not words(typed.get("reason", "")):
        errors.append(_("Enter the reason."))
    if typed.get("belonged", "") not in ("yes", "no"):
        errors.append(_("Choose what happens to the file."))
    if not typed.get("sure"):
        errors.append(_("Confirm that this is the letter to remove."))
    return errors


def _remove(request: StaffRequest, letter_id: int) -> HttpResponse:
    """Remove the letter as its form says; back to the form if it is on hold."""
    typed, now = request.POST, timezone.now()
    try:
        removed = removal.remove_letter(
            letter_id, by=request.user, now=now, reason=words(typed["reason"]), belonged=typed["belonged"] == "yes"
        )
    except OnHold as held:
        messages.error(request, str(held))
        return redirect("remove_letter", letter_id)
    kept = (
        _("its file is kept until %s") % day(removed.keep_until)
        if removed.keep_until > now.date()
        else _("its file is deleted")
    )
    messages.success(request, _("Letter %(letter)d was removed; %(kept)s.") % {"letter": letter_id, "kept": kept})
    return redirect("review")
