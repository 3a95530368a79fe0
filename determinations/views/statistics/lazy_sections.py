"""Sections of pages that come in requests of their own, so that nobody waits for all of a page at once.

A section is an address that answers with the section alone to the page's script, and with a page of its own to
anybody else. ``?whole=1`` has a page hold all of its sections, for reading without scripts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from determinations.paging.addresses import with_query
from determinations.views.requests import wants_part
from determinations.views.statistics.context import Context, carried


@dataclass(frozen=True)
class Section:
    """A section as its page shows it: ``html`` where the page holds it, else the address that it comes from."""

    url: str
    title: str
    html: str = ""


def section(
    context: Context, url: str, title: str, template: str, content: Callable[[Context], Mapping[str, object]]
) -> Section:
    """A section of the request's page."""
    if context.request.GET.get("whole") != "1":
        return Section(url, title)
    return Section(url, title, render_to_string(template, context.frame("", **content(context))))


def whole_url(context: Context) -> str:
    """The page with all of its sections."""
    return with_query(context.request.path, context.query, **{**carried(context.request), "whole": "1"})


def show_section(
    request: HttpRequest, page: str, title: str, template: str, context: Mapping[str, object]
) -> HttpResponse:
    """A section by itself, or within a page of its own that belongs to ``page``."""
    shown = {**context, "section": page, "title": title, "template": template}
    return render(request, template if wants_part(request) else "statistics/section.html", shown)
