"""The contents of help with its search, and one page."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from determinations.access.roles import ROLES, role_of
from determinations.access.scope import current_scope
from determinations.help.finding import find
from determinations.help.markdown import rendered
from determinations.help.pages import Group, HelpPage, all_pages, groups, neighbors
from determinations.views.frame import PAGES_OF_MENUS
from determinations.views.requests import open_url, person_of

#: All pages, whatever the role.
_EVERYONE = "all"


@require_safe
@login_required
def help_index(request: HttpRequest) -> HttpResponse:
    """The pages by subject: those for the user's role, for another one, or all; or those that have some words."""
    own = role_of(person_of(request))
    role = request.GET.get("role", own)
    role = role if role in ROLES else _EVERYONE
    words = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:200]
    context = {
        "words": words,
        "results": find(words),
        "groups": _for_role(role),
        "role": role,
        "own": own,
        "roles": (*ROLES, _EVERYONE),
    }
    return render(request, "help/index.html", context)


@require_safe
@login_required
def help_page(request: HttpRequest, slug: str) -> HttpResponse:
    """One page, with links to the pages of the product that it explains, as far as the user may open them."""
    page = all_pages().get(slug)
    if page is None:
        raise Http404
    before, after = neighbors(page)
    role = role_of(person_of(request))
    context = {
        "page": page,
        "body": rendered(page),
        "is_for_other_roles": bool(role) and not page.is_for(role),
        "places": _places(page) if page.is_for(role) else [],
        "related": [all_pages()[name] for name in page.related],
        "before": before,
        "after": after,
    }
    return render(request, "help/page.html", context)


def _for_role(role: str) -> list[Group]:
    if role == _EVERYONE:
        return list(groups())
    chosen = (Group(group.title, tuple(page for page in group.pages if page.is_for(role))) for group in groups())
    return [group for group in chosen if group.pages]


def _places(page: HelpPage) -> list[tuple[str, str]]:
    """Label and address of the pages of the menus that it explains."""
    scope = current_scope()
    named = ((PAGES_OF_MENUS[name], open_url(name, scope)) for name in page.opens if name in PAGES_OF_MENUS)
    return [(label, url) for label, url in named if url]
