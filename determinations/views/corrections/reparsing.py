"""Reading letters again with the current parser: choose, preview, run, pause, and the results."""

from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from determinations.cases.fields import ITEM_FIELDS, LETTER_FIELDS
from determinations.cases.review_entries import REASONS
from determinations.corrections.kinds import text_of
from determinations.filters.stored import whole_query
from determinations.models import Authority, Category, ReparseExample, ReparseRun, RunState
from determinations.models.reparsing import AT_WORK, Selection
from determinations.paging.keyset import Order, page_of
from determinations.parsing import PARSER_VERSION
from determinations.reading import reparsing
from determinations.reference.aliases import Proposal
from determinations.tasks import send_preview, send_reparse
from determinations.views.corrections.permissions import StaffRequest, label_of, may_correct
from determinations.wording.labels import Labels, read_labels

#: Changed values that a run's page shows.
_EXAMPLES = 200


@dataclass(frozen=True, slots=True)
class Example:
    """One value that a run changes, in words."""

    letter: int
    path: str
    label: str
    kind: str
    old: str
    new: str


@may_correct
@require_http_methods(["GET", "POST"])
def reparse_runs(request: StaffRequest) -> HttpResponse:
    """Choose letters to read again; earlier runs."""
    if request.method == "POST":
        selection = _selection(request.POST)
        if selection:
            run = reparsing.start(selection, by=request.user, now=timezone.now(), why=request.POST.get("why", ""))
            send_preview(run.pk)
            return redirect("reparse_run", run.pk)
        messages.error(request, _("Choose which letters to read again."))
    context = {
        "runs": page_of(
            ReparseRun.objects.select_related("by"),
            Order("id", descending=True, nullable=False, key="id"),
            request.GET,
            size=30,
        ),
        "version": PARSER_VERSION,
        "reasons": list(REASONS.values()),
    }
    return render(request, "corrections/reparse_runs.html", context)


def _selection(post: QueryDict) -> Selection | None:
    match post.get("what"):
        case "all":
            return {"what": "all"}
        case "older":
            return {"what": "older"}
        case "problem" if post.get("code"):
            return {"what": "problem", "code": str(post["code"])}
        case "filter":
            query = whole_query(QueryDict(post.get("query", "").partition("?")[2]))
            if query:  # without filters, or with filters that are no longer stored, every letter would be chosen
                return {"what": "filter", "query": query.urlencode()}
    return None


@may_correct
@require_GET
def reparse_run(request: StaffRequest, run_id: int) -> HttpResponse:
    """One run: what it would change, its progress, or what it changed."""
    run = get_object_or_404(ReparseRun.objects.select_related("by"), pk=run_id)
    proposal = Proposal.from_json(run.selection["proposal"]) if "proposal" in run.selection else None
    target: Authority | Category | None = None
    if proposal and proposal.target is not None:
        target = (Authority.objects if proposal.kind == "alias" else Category.objects).get(pk=proposal.target)
    context = {
        "run": run,
        "proposal": proposal,
        "target": target,
        "at_work": run.state in AT_WORK,
        "can_go": run.state in (RunState.PREVIEWED, RunState.PAUSED),
        "fields": _by_field(run),
        "examples": _examples(run),
        "failures": run.examples.filter(kind=reparsing.FAILED).order_by("letter_id")[:_EXAMPLES],
        "reason": REASONS.get(run.selection.get("code", "")),
    }
    part = request.headers.get("HX-Request") and not request.headers.get("HX-Boosted")
    return render(request, "corrections/_reparse_run.html" if part else "corrections/reparse_run.html", context)


def _by_field(run: ReparseRun) -> list[dict[str, object]]:
    names = sorted(run.expected.keys() | run.outcome.keys())
    none = {"changed": 0, "gains": 0, "losses": 0}
    return [
        {"label": label_of(name), "expected": run.expected.get(name, none), "outcome": run.outcome.get(name, none)}
        for name in names
    ]


def _examples(run: ReparseRun) -> list[Example]:
    labels = read_labels()
    rows = run.examples.exclude(kind=reparsing.FAILED).order_by("-kind", "field", "pk")[:_EXAMPLES]
    return [_example(row, labels) for row in rows]


def _example(row: ReparseExample, labels: Labels) -> Example:
    field = LETTER_FIELDS.get(row.field) or ITEM_FIELDS.get(row.field)
    old, new = row.old_value, row.new_value
    return Example(
        letter=row.letter_id,
        path=row.path,
        label=label_of(row.field),
        kind=row.kind,
        old=str((text_of(field, old, labels) if field else old) or _("nothing")),
        new=str((text_of(field, new, labels) if field else new) or _("nothing")),
    )


@may_correct
@require_POST
def steer_run(request: StaffRequest, run_id: int) -> HttpResponse:
    """Start, resume, pause or stop a run."""
    get_object_or_404(ReparseRun, pk=run_id)
    now = timezone.now()
    match request.POST.get("do"):
        case "go":
            reparsing.go(run_id, by=request.user, now=now)
            transaction.on_commit(lambda: send_reparse(run_id))
        case "pause":
            reparsing.pause(run_id, by=request.user, now=now)
        case "stop":
            reparsing.stop(run_id, by=request.user, now=now)
    return redirect("reparse_run", run_id)
