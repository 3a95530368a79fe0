"""Saved views: a list with its filters and order, under a name the user chose."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from determinations.access import audit
from determinations.access.roles import ROLES, check_permission, role_of
from determinations.browsing import alerts
from determinations.browsing.lists import LISTS
from determinations.casework.work import WorkRefused
from determinations.filters import filters_only
from determinations.filters.lookups import Lookups
from determinations.filters.moving_dates import MOVING, as_of, kept_moving, moving, saved_in_words
from determinations.models import SavedView, Watch
from determinations.views.audit.recorded_forms import recorded_form
from determinations.views.requests import person_of, refusal_with

_MOST_VIEWS = 200


class ViewNameForm(forms.Form):
    """The name of a view."""

    name = forms.CharField(max_length=80)


@require_safe
@permission_required("determinations.browse_cases", raise_exception=True)
def saved_view_list(request: HttpRequest) -> HttpResponse:
    """The user's views, to open, rename, delete, or make the start page."""
    user = person_of(request)
    labels = Lookups(user=user).labels
    watched = dict(Watch.objects.filter(user=user, view__isnull=False).values_list("view", "only_new"))
    views = [
        (view, saved_in_words(QueryDict(view.query), labels), view.pk in watched, watched.get(view.pk))
        for view in views_of(user)
    ]
    return render(request, "browsing/saved_view_list.html", {"views": views, "roles": ROLES})


@require_safe
@permission_required("determinations.browse_cases", raise_exception=True)
def saved_view_menu(request: HttpRequest, list_name: str) -> HttpResponse:
    """The views of one list, for its menu."""
    return render(request, "browsing/_saved_view_menu.html", {"views": _with_urls(request, list_name)})


@require_safe
@permission_required("determinations.browse_cases", raise_exception=True)
def open_view(request: HttpRequest, pk: int) -> HttpResponse:
    """The lasting address of a view, for bookmarks and links: its list, with the dates of today."""
    return redirect(url_of(get_object_or_404(views_of(person_of(request)), pk=pk)))


@require_POST
@permission_required("determinations.browse_cases", raise_exception=True)
@recorded_form
def save_view(request: HttpRequest, list_name: str) -> HttpResponse:
    """Save a list's filters and order under a name, replacing a view with the same name.

    Dates of which the user chose so move with the day from then on.
    """
    kind = LISTS.get(list_name)
    if kind is None:
        raise Http404
    posted = QueryDict(request.POST.get("query", ""))
    kept = filters_only(posted)
    if posted.get("sort") in kind.orders:
        kept["sort"] = posted["sort"]
    now = timezone.now()
    kept = kept_moving(kept, request.POST.getlist(MOVING), timezone.localdate(now))
    form = ViewNameForm(request.POST)
    if not form.is_valid():
        said = "The view was not saved. Enter a name of up to 80 characters."
        messages.error(request, refusal_with(request.POST.get("name", ""), said))
    elif SavedView.objects.filter(by=person_of(request)).count() >= _MOST_VIEWS:
        said = "The view was not saved. You have reached the maximum number of views; delete some first."
        messages.error(request, refusal_with(request.POST.get("name", ""), said))
    else:
        same_name = {"by": person_of(request), "name": form.cleaned_data["name"]}
        saved = {"list_name": kind.name, "query": kept.urlencode()}
        with alerts.changing_views():
            before = SavedView.objects.filter(**same_name).values_list("list_name", "query").first()
            view, is_new = SavedView.objects.update_or_create(**same_name, defaults={**saved, "saved_at": now})
            if not is_new and before != (view.list_name, view.query):
                alerts.know_again(view, now=now)
        moves = " Its dates move with the day." if moving(kept) else ""
        messages.success(request, f"Saved as “{form.cleaned_data['name']}”. Open it from the Views menu.{moves}")
    return redirect(f"{reverse(kind.url_name)}?{as_of(kept, timezone.localdate(now)).urlencode()}")


@require_POST
@permission_required("determinations.browse_cases", raise_exception=True)
@recorded_form
def change_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename or delete a view, or set or clear it as the start page."""
    action = request.POST.get("action")
    if action in ("watch", "unwatch"):
        _watch(request, get_object_or_404(views_of(person_of(request)), pk=pk), begins=action == "watch")
        return redirect("saved_view_list")
    view = get_object_or_404(SavedView, pk=pk, by=person_of(request))
    match action:
        case "share":
            _share(request, view)
        case "start":
            with transaction.atomic():
                SavedView.objects.filter(by=person_of(request), is_start=True).update(is_start=False)
                SavedView.objects.filter(pk=view.pk).update(is_start=True)
            messages.success(request, f"“{view.name}” is now your start page.")
        case "no_start":
            SavedView.objects.filter(pk=view.pk).update(is_start=False)
            messages.success(request, "Your start page is the home page again.")
        case "delete":
            view.delete()
            messages.success(request, f"“{view.name}” was deleted.")
        case "rename":
            _rename(request, view)
    return redirect("saved_view_list")


def _rename(request: HttpRequest, view: SavedView) -> None:
    form, typed = ViewNameForm(request.POST), request.POST.get("name", "")
    if not form.is_valid():
        messages.error(request, refusal_with(typed, "Enter a name of up to 80 characters."))
    elif SavedView.objects.filter(by=person_of(request), name=form.cleaned_data["name"]).exclude(pk=view.pk).exists():
        messages.error(request, refusal_with(typed, "You already have a view with this name."))
    else:
        SavedView.objects.filter(pk=view.pk).update(name=form.cleaned_data["name"])
        messages.success(request, f"Renamed to “{form.cleaned_data['name']}”.")


def _share(request: HttpRequest, view: SavedView) -> None:
    role = request.POST.get("role", "")
    check_permission(person_of(request), "work_cases")
    if role not in (*ROLES, ""):
        raise Http404
    SavedView.objects.filter(pk=view.pk).update(role=role)
    if not role:
        Watch.objects.filter(view=view).exclude(user=view.by).delete()
    audit.record("view.shared", by=person_of(request), at=timezone.now(), view=view.pk, role=role)
    said = f"shared with the role {role}" if role else "no longer shared"
    messages.success(request, f"“{view.name}” is {said}.")


def _watch(request: HttpRequest, view: SavedView, *, begins: bool) -> None:
    user, now = person_of(request), timezone.now()
    if not begins:
        Watch.objects.filter(user=user, view=view).delete()
        audit.record("watch.ended", by=user, at=now, view=view.pk)
        messages.success(request, f"You no longer watch “{view.name}”.")
        return
    try:
        watch = alerts.watch(user, now=now, view=view)
    except WorkRefused as refusal:
        messages.error(request, str(refusal))
        return
    audit.record("watch.began", by=user, at=now, view=view.pk)
    large = Watch.objects.filter(pk=watch.pk, only_new=True).exists()
    said = f" It has more than {alerts.MOST_KNOWN:,} cases, so only newly added ones are told." if large else ""
    messages.success(request, f"You will be told when “{view.name}” gains cases.{said}")


def views_of(user: User) -> QuerySet[SavedView]:
    """The views that a user sees: their own, and those shared with their role."""
    role = role_of(user)
    return SavedView.objects.filter(Q(by=user) | Q(role=role) & ~Q(role="")).select_related("by")


def url_of(view: SavedView) -> str:
    """Where a view opens, with the dates of today."""
    query = as_of(QueryDict(view.query), timezone.localdate())
    return f"{reverse(LISTS[view.list_name].url_name)}?{query.urlencode()}"


def _with_urls(request: HttpRequest, list_name: str | None = None) -> list[tuple[SavedView, str]]:
    views = views_of(person_of(request))
    if list_name:
        views = views.filter(list_name=list_name)
    return [(view, url_of(view)) for view in views]
