"""Results of a search, rendered in Python: a page has twenty with up to sixty excerpts; a template took 10 ms."""

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from determinations.browsing.search_results import SearchResult, Snippet
from determinations.models import Case
from determinations.templatetags.frame import day, decision_badge, marked
from determinations.wording.markup import markup

register = template.Library()


@register.simple_tag
def search_result(result: SearchResult) -> SafeString:
    """A case that matches: what it is, the fields in which it matches, and excerpts."""
    case = result.case
    url = reverse("case_detail", args=[case.pk])
    where = markup('<p class="search-where quiet">Found in: {}</p>', ", ".join(result.where)) if result.where else ""
    snippets = [_snippet(snippet, url) for snippet in result.snippets]
    # Parts that are escaped.
    return mark_safe(f'<li class="search-result">{_head(case, url)}{where}{"".join(snippets)}</li>')  # noqa: S308 - of escaped parts


def _head(case: Case, url: str) -> SafeString:
    decided = f"decided {day(case.decision_date)}" if case.decision_date else "decision date unknown"
    return markup(
        '<h2><a class="main-link" href="{}">{}</a> {} <span class="quiet">{} · {} item{}</span></h2>',
        url,
        case.case_number or "(no number)",
        decision_badge(case.outcome),
        decided,
        case.item_count,
        "" if case.item_count == 1 else "s",
    )


def _snippet(snippet: Snippet, url: str) -> SafeString:
    item = ""
    if snippet.number:
        item = markup(
            '<p><a href="{}?item={}#item-{}">Item {}</a> {} {}</p>',
            url,
            snippet.number,
            snippet.number,
            snippet.number,
            decision_badge(snippet.decision),
            marked(snippet.request),
        )
    excerpts = [
        markup(
            '<p class="snippet-text"><span class="snippet-field">{}</span> {}</p>',
            excerpt.label,
            marked(excerpt.pieces),
        )
        for excerpt in snippet.excerpts
        if excerpt.pieces
    ]
    return markup('<div class="snippet">{}{}</div>', item, mark_safe("".join(excerpts)))  # noqa: S308 - of escaped parts
