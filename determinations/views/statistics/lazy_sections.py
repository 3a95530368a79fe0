"""Sections of a page that load in requests of their own, so that the page appears at once.

The address of a section answers htmx with the section only, and other requests with a full page. ``?whole=1`` renders
a page with all of its sections, for use without JavaScript.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from determinations.paging.addresses import with_query
from determinations.views.requests import wants_part
from determinations.views.statistics.context import Context, kept_parameters


@dataclass(frozen=True)
class Section:
    """A section of a page: its ``html``, or if that is empty the ``url`` to load it from."""

    url: str
    title: str
    html: str = ""


def section(
    context: Context, url: str, title: str, template: str, content: Callable[[Context], Mapping[str, object]]
) -> Section:
    """A section of the page; rendered only if the request has ``?whole=1``."""
    if context.request.GET.get("whole") != "1":
        return Section(url, title)
    return Section(url, title, render_to_string(template, context.frame("", **content(context))))


def whole_url(context: Context) -> str:
    """The address of the page with all of its sections."""
    return with_query(context.request.path, context.query, **{**kept_parameters(context.request), "whole": "1"})


def show_section(
    request: HttpRequest, page: str, title: str, template: str, context: Mapping[str, object]
) -> HttpResponse:
    """A section for htmx, or as a full page under the tab ``page``."""
    template_context = {**context, "section": page, "title": title, "template": template}
    return render(request, template if wants_part(request) else "statistics/section.html", template_context)
