"""Sources that letters arrive from by themselves: which there are, their state, and their runs; for administrators."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.db.models import Count, OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from determinations.arrivals import set_aside, sources
from determinations.arrivals.kinds import KINDS, Kind, place_of
from determinations.models import ArrivalRun, ArrivalSource, SetAsideItem, Upload, UploadedFile
from determinations.models.uploads import FileOutcome
from determinations.paging.keyset import Order, page_of
from determinations.storage.secrets import NoKeyForSecrets
from determinations.tasks import send_look
from determinations.views.arrivals.forms import FORMS, SourceForm
from determinations.views.requests import person_of
from determinations.views.typed_forms import restored
from determinations.wording.figures import counted
from determinations.wording.states import REFUSALS

may_manage = permission_required("determinations.manage_arrivals", raise_exception=True)
_NEWEST = Order("id", descending=True, nullable=False)
_BY_NAME = Order("name", nullable=False)


@dataclass(frozen=True, slots=True)
class BatchCounts:
    """What became of the files of a batch, counted from its rows. ``reasons``: of the refused ones, in words."""

    new: int
    already_here: int
    refused: int
    opening: int
    reasons: str


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run with its batch."""

    run: ArrivalRun
    counts: BatchCounts | None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source in the list, with its last run, and how many of its files are set aside."""

    source: ArrivalSource
    kind: Kind
    place: str
    last: RunRow | None
    set_aside: int


@require_http_methods(["GET", "HEAD"])
@may_manage
def source_list(request: HttpRequest) -> HttpResponse:
    """All sources, with their last run."""
    page = page_of(ArrivalSource.objects.select_related("office"), _BY_NAME, request.GET)
    newest = ArrivalRun.objects.filter(source=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    shown = ArrivalSource.objects.filter(pk__in=[source.pk for source in page.rows])
    runs = ArrivalRun.objects.select_related("upload").filter(pk__in=shown.values_list(Subquery(newest)))
    last = {row.run.source_id: row for row in _run_rows(list(runs))}
    aside = Counter(SetAsideItem.objects.filter(source__in=page.rows).values_list("source", flat=True))
    rows = [SourceRow(each, KINDS[each.kind], place_of(each), last.get(each.pk), aside[each.pk]) for each in page.rows]
    context = {"rows": rows, "page": page, "kinds": KINDS.values(), "now": timezone.now()}
    return render(request, "arrivals/source_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def source_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A source with its runs; POST looks now, pauses, resumes or removes it."""
    source = get_object_or_404(ArrivalSource.objects.select_related("office"), pk=pk)
    if request.method == "POST":
        return _act(request, source, by=person_of(request))
    page = page_of(ArrivalRun.objects.select_related("upload").filter(source=source), _NEWEST, request.GET)
    context = {
        "source": source,
        "kind": KINDS[source.kind],
        "place": place_of(source),
        "rows": _run_rows(page.rows),
        "page": page,
        "set_aside": set_aside.files_of(source),
        "now": timezone.now(),
    }
    return render(request, "arrivals/source.html", context)


def _act(request: HttpRequest, source: ArrivalSource, *, by: User) -> HttpResponse:
    now = timezone.now()
    match request.POST.get("do"):
        case "look":
            if sources.look_now(source, by=by, now=now):
                send_look(source.pk)
                messages.success(request, "A worker looks now. Reload this page in a moment.")
            else:
                messages.info(request, "The source is paused. Resume it first.")
        case "again":
            files = set_aside.try_again(source, by=by, now=now)
            send_look(source.pk)
            messages.success(request, f"{counted(files, 'file')} will be tried again. Reload this page in a moment.")
        case "pause":
            sources.set_enabled(source, False, by=by, now=now)
            messages.success(request, "The source is paused. Nothing is taken until it is resumed.")
        case "resume":
            sources.set_enabled(source, True, by=by, now=now)
            send_look(source.pk)
            messages.success(request, "The source is looked at again.")
        case "remove":
            sources.remove_source(source, by=by, now=now)
            messages.success(request, f"{source.name} was removed. Letters that arrived from it stay.")
            return redirect("arrival_sources")
        case _:
            raise Http404("no such action")
    return redirect("arrival_source", source.pk)


@sensitive_post_parameters("secret", "private_key")
@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def add(request: HttpRequest, kind: str) -> HttpResponse:
    """A form that adds a source."""
    if kind not in KINDS:
        raise Http404("no such kind")
    form = FORMS[kind](_posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            source = sources.add_source(kind, form.draft(), by=person_of(request), now=timezone.now())
        except NoKeyForSecrets as refusal:
            form.add_error(None, str(refusal))
        else:
            send_look(source.pk)
            messages.success(request, f"{source.name} was added. A worker looks now; reload this page in a moment.")
            return redirect("arrival_source", source.pk)
    return _form_page(request, KINDS[kind], form, None)


@sensitive_post_parameters("secret", "private_key")
@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """A form that changes a source."""
    source = get_object_or_404(ArrivalSource, pk=pk)
    form = FORMS[source.kind](_posted(request), source=source)
    if request.method == "POST" and form.is_valid():
        try:
            sources.change_source(source, form.draft(), by=person_of(request), now=timezone.now())
        except NoKeyForSecrets as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "The changes were saved.")
            return redirect("arrival_source", source.pk)
    return _form_page(request, KINDS[source.kind], form, source)


def _form_page(request: HttpRequest, kind: Kind, form: SourceForm, source: ArrivalSource | None) -> HttpResponse:
    context = {
        "kind": kind,
        "form": form,
        "source": source,
        "fields": [form[name] for name in ("name", *form.shown, "office", "minutes")],
    }
    return render(request, "arrivals/source_form.html", context, status=422 if form.errors else 200)


def _posted(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else restored(request)


def _run_rows(runs: Sequence[ArrivalRun]) -> list[RunRow]:
    """The runs with the counts of their batches, in one query."""
    counts = _counts_of([run.upload for run in runs if run.upload])
    return [RunRow(run, counts[run.upload.pk] if run.upload else None) for run in runs]


def _counts_of(uploads: Sequence[Upload]) -> dict[int, BatchCounts]:
    """What became of the files of these batches."""
    files = UploadedFile.objects.filter(upload__in=uploads).values_list("upload", "outcome", "reason")
    outcomes: dict[int, Counter[str]] = {upload.pk: Counter() for upload in uploads}
    reasons: dict[int, Counter[str]] = {upload.pk: Counter() for upload in uploads}
    for upload, outcome, reason, count in files.annotate(count=Count("pk")).order_by():
        outcomes[upload][outcome] += count
        if outcome == FileOutcome.REFUSED:
            reasons[upload][REFUSALS[reason].label if reason in REFUSALS else reason] += count
    return {
        pk: BatchCounts(
            numbers[FileOutcome.ACCEPTED],
            numbers[FileOutcome.DUPLICATE],
            numbers[FileOutcome.REFUSED],
            numbers[FileOutcome.OPENING],
            ", ".join(f"{label} ({count:,})" for label, count in reasons[pk].most_common()),
        )
        for pk, numbers in outcomes.items()
    }
