"""Offices, and moves of letters between them: for administrators who see all letters."""

from typing import cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from determinations.access import audit
from determinations.browsing.lists import CASES
from determinations.cases.moved_letters import settle_moved
from determinations.filters import active_filters, filters_in_words, filters_only
from determinations.filters.lookups import Lookups
from determinations.intake import offices as moves
from determinations.models import Account, Case, Office, UnopenedFile, Upload, UploadedFile
from determinations.paging.addresses import with_query
from determinations.paging.counts import Count, count_up_to
from determinations.tasks import send_move, send_settling
from determinations.views.requests import person_of
from determinations.wording.figures import counted

may_manage = permission_required("determinations.manage_offices", raise_exception=True)


class OfficeForm(forms.Form):
    """The name of an office, and whether it is offered."""

    name = forms.CharField(max_length=80)
    active = forms.BooleanField(
        required=False,
        label="Offered for uploads and accounts",
        help_text="Letters of an office that is no longer offered stay visible to its accounts.",
    )

    def __init__(self, data: QueryDict | None = None, *, office: Office | None = None) -> None:
        initial: dict[str, object] = {"name": office.name, "active": office.active} if office else {}
        super().__init__(data, initial=initial)
        self.office = office
        if office is None:
            del self.fields["active"]

    def clean_name(self) -> str:
        """A name that no other office has, in any spelling."""
        name: str = self.cleaned_data["name"]
        same = Office.objects.filter(name__iexact=name)
        if (same.exclude(pk=self.office.pk) if self.office else same).exists():
            raise forms.ValidationError("There is an office with this name.")
        return name


class MoveForm(forms.Form):
    """The offices that letters shall belong to."""

    offices = forms.ModelMultipleChoiceField(
        Office.objects.none(), required=False, label="The letters belong to", widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: QueryDict | None = None, *, initial: list[Office] | None = None) -> None:
        super().__init__(data, initial={"offices": initial or []})
        held = [office.pk for office in initial or ()]
        field = cast(forms.ModelMultipleChoiceField, self.fields["offices"])
        field.queryset = Office.objects.filter(active=True) | Office.objects.filter(pk__in=held)


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def office_list(request: HttpRequest) -> HttpResponse:
    """All offices, and a form that adds one."""
    form = OfficeForm(_posted(request))
    if request.method == "POST" and form.is_valid():
        office = moves.add_office(form.cleaned_data["name"], by=person_of(request), now=timezone.now())
        messages.success(request, f"{office.name} was added. Limit accounts to it on the page of each account.")
        return redirect("office_list")
    limited = Account.objects.filter(office_ids__isnull=False, user__is_active=True)
    held = [pk for office_ids in limited.values_list("office_ids", flat=True) for pk in office_ids or ()]
    context = {
        "offices": [(office, held.count(office.pk)) for office in Office.objects.order_by("-active", "name")],
        "form": form,
    }
    return render(request, "access/office_list.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def office(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename an office, or end its being offered."""
    shown = get_object_or_404(Office, pk=pk)
    form = OfficeForm(_posted(request), office=shown)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        moves.change_office(
            shown, name=typed["name"], active=typed["active"], by=person_of(request), now=timezone.now()
        )
        messages.success(request, f"{typed['name']} was saved.")
        return redirect("office_list")
    return render(request, "access/office.html", {"office": shown, "form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def move_case(request: HttpRequest, pk: int) -> HttpResponse:
    """Move one letter, with its copies and the other letters of its file."""
    case = get_object_or_404(Case, pk=pk)
    form = MoveForm(_posted(request), initial=moves.offices_of([pk]))
    if request.method == "POST" and form.is_valid():
        moved = moves.move_letters([pk], form.cleaned_data["offices"], by=person_of(request), now=timezone.now())
        settle_moved([pk])
        send_settling()
        _say_moved(request, moved)
        return redirect("case_detail", pk)
    context = {
        "title": f"Move {case.case_number or 'this letter'}",
        "about": "Its copies and earlier versions move with it, and all letters of its file.",
        "back": reverse("case_detail", args=[pk]),
        "form": form,
    }
    return render(request, "access/move_letters.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def move_batch(request: HttpRequest, pk: int) -> HttpResponse:
    """Move all letters of a batch."""
    upload = get_object_or_404(Upload, pk=pk)
    letters = UploadedFile.objects.filter(upload=upload, letter__isnull=False).order_by("letter")
    form = MoveForm(_posted(request), initial=[upload.office] if upload.office else [])
    if UnopenedFile.objects.filter(file__upload=upload).exists():
        messages.info(
            request, "Files of this batch are being opened. Nothing was moved; try again when they are open."
        )
        return redirect("upload_detail", pk)
    if request.method == "POST" and form.is_valid():
        ids = list(letters.values_list("letter_id", flat=True).distinct())
        by, now, offices = person_of(request), timezone.now(), form.cleaned_data["offices"]
        moves.move_batch(upload, offices, by=by, now=now)
        starts = range(0, len(ids), moves.MOVED_AT_ONCE)
        moved = [
            moves.move_letters(ids[start : start + moves.MOVED_AT_ONCE], offices, by=by, now=now) for start in starts
        ]
        send_settling()
        _say_moved(request, sum(moved))
        return redirect("upload_detail", pk)
    context = {
        "title": f"Move the batch of {timezone.localtime(upload.started_at):%b %-d, %H:%M}",
        "about": "All letters of the batch move, with their copies and earlier versions.",
        "back": reverse("upload_detail", args=[pk]),
        "form": form,
    }
    return render(request, "access/move_letters.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def move_list(request: HttpRequest) -> HttpResponse:
    """Move the letters of all cases that match the filters of the address, by a worker."""
    query = filters_only(request.GET)
    form = MoveForm(_posted(request))
    matching = _matching(request, query)
    if request.method == "POST" and form.is_valid():
        offices, user = list(form.cleaned_data["offices"]), person_of(request)
        names = sorted(office.name for office in offices)
        if send_move(query.urlencode(), [office.pk for office in offices], user.pk):
            audit.note(request, "list.moved", query=query.urlencode(), offices=names, letters=str(matching))
            messages.success(request, "A worker moves the letters. The list follows as they are moved.")
        else:
            messages.error(request, "No worker can be reached right now. Nothing was moved; try again in a minute.")
        return redirect(with_query(reverse("case_list"), query))
    labels = Lookups(user=person_of(request)).labels
    words = filters_in_words(query, labels) if any(True for _ in active_filters(query)) else "all cases"
    context = {
        "title": f"Move {matching} letter{'' if matching.number == 1 else 's'}",
        "about": f"Letters of these cases: {words}.",
        "back": with_query(reverse("case_list"), query),
        "form": form,
    }
    return render(request, "access/move_letters.html", context, status=422 if form.errors else 200)


def _posted(request: HttpRequest) -> QueryDict | None:
    """What was typed; an empty form too is one, since letters may belong to no office."""
    return request.POST if request.method == "POST" else None


def _matching(request: HttpRequest, query: QueryDict) -> Count:
    rows: QuerySet[Case] = CASES.filterset(query, by=person_of(request)).qs
    return count_up_to(rows)


def _say_moved(request: HttpRequest, moved: int) -> None:
    if moved:
        messages.success(request, f"{counted(moved, 'letter')} moved.")
    else:
        messages.info(request, "Nothing was moved: the letters belonged to these offices already.")
