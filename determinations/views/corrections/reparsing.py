"""Reading letters again: choose, preview, run, pause, and what came of it."""

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
from determinations.models import Authority, Category, ReparseExample, ReparseRun, RunState
from determinations.models.reparsing import AT_WORK, Selection
from determinations.paging.keyset import Order, page_of
from determinations.parsing import PARSER_VERSION
from determinations.reading import reparsing
from determinations.reference.aliases import Proposal
from determinations.tasks import send_reparse
from determinations.views.corrections.permissions import StaffRequest, label_of, may_correct

#: Letters that a preview reads while the person waits; more are read by the workers.
_AT_ONCE = 100
_LONGEST_QUERY = 4_000


@may_correct
@require_http_methods(["GET", "POST"])
def reparse_runs(request: StaffRequest) -> HttpResponse:
    """Choose letters to read again, and the runs so far."""
    if request.method == "POST":
        selection = _selection(request.POST)
        if selection:
            run = reparsing.start(selection, by=request.user, now=timezone.now(), why=request.POST.get("why", ""))
            preview_now(run)
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
            query = post.get("query", "").partition("?")[2][:_LONGEST_QUERY]
            if query:
                return {"what": "filter", "query": query}
    return None


def preview_now(run: ReparseRun) -> None:
    """Preview a small run at once; the workers do a large one."""
    for _chunk in range(_AT_ONCE // reparsing.CHUNK + 1):
        if not reparsing.step(run.pk, now=timezone.now()):
            return
    transaction.on_commit(lambda: send_reparse(run.pk))


@may_correct
@require_GET
def reparse_run(request: StaffRequest, run_id: int) -> HttpResponse:
    """One run: what it would change, or how far it is, or what it changed."""
    run = get_object_or_404(ReparseRun.objects.select_related("by"), pk=run_id)
    proposal = Proposal.from_json(run.selection["proposal"]) if "proposal" in run.selection else None
    target: Authority | Category | None = None
    if proposal and proposal.target is not None:
        target = (Authority.objects if proposal.kind == "alias" else Category.objects).get(pk=proposal.target)  # type: ignore[attr-defined]
    context = {
        "run": run,
        "proposal": proposal,
        "target": target,
        "at_work": run.state in AT_WORK,
        "can_go": run.state in (RunState.PREVIEWED, RunState.PAUSED),
        "fields": _by_field(run),
        "examples": [_example(each) for each in run.examples.order_by("-kind", "field", "pk")[:200]],
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


def _example(example: ReparseExample) -> dict[str, object]:
    field = LETTER_FIELDS.get(example.field) or ITEM_FIELDS.get(example.field)
    old, new = example.old_value, example.new_value
    return {
        "letter": example.letter_id,
        "path": example.path,
        "label": label_of(example.field),
        "kind": example.kind,
        "old": (text_of(field, old) if field else old) or _("nothing"),
        "new": (text_of(field, new) if field else new) or _("nothing"),
    }


@may_correct
@require_POST
def steer_run(request: StaffRequest, run_id: int) -> HttpResponse:
    """Run, go on, pause or stop."""
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
