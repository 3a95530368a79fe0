"""The quality page: how well letters are read."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from determinations.statistics.quality import read_quality
from determinations.statistics.sql_engine import one_snapshot
from determinations.views.statistics.context import Context

may_view_quality = permission_required("determinations.view_quality", raise_exception=True)


@require_safe
@may_view_quality
def quality(request: HttpRequest) -> HttpResponse:
    """States, layouts, problems, corrected fields and unrecognized citations."""
    with one_snapshot() as engine:
        context = Context.of(request, engine)
        return render(request, "statistics/quality.html", context.frame("quality", quality=read_quality(engine)))
