"""Records that a case was printed, as the browser reports it."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from determinations.access import audit
from determinations.models import Case


@require_POST
@permission_required("determinations.browse_cases", raise_exception=True)
def case_printed(request: HttpRequest, pk: int) -> HttpResponse:
    """The page says so before the browser prints it. A browser without scripts prints unrecorded; the view is."""
    case = get_object_or_404(Case, pk=pk)
    audit.note(request, "case.printed", case.pk)
    return HttpResponse(status=204)
