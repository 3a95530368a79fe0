"""What is done with selected rows of any list, or with all rows that match; progress, undo; the print of cases."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from determinations.access import audit
from determinations.access.roles import check_permission
from determinations.browsing import large_actions, selected_rows
from determinations.browsing.large_actions import IN_STEPS, MOST_CASES
from determinations.browsing.lists import CASES, LISTS
from determinations.browsing.selected_rows import MOST_PRINTED, REVIEW
from determinations.cases.readable_values import STORED_ITEM_TEXTS, TextsOfItem, log_damaged_text, texts_of_item
from determinations.casework.work import MOST_AT_ONCE, WorkRefused, owners_and_tags
from determinations.filters import filters_only
from determinations.models import DisputedItem, Duty, RowsAction, WorkStatus
from determinations.models.browsing import ExportFormat
from determinations.packing.codec import UnreadableValue
from determinations.paging.addresses import with_query
from determinations.reading.workers import worker_state
from determinations.tasks import send_rows_action
from determinations.views.browsing.exports import queue_export
from determinations.views.casework.case_work import may_work_cases, owner_named
from determinations.views.duties.forms import numbers_of
from determinations.views.office_fields.shown import list_fields, values_by_case
from determinations.views.requests import back_of, person_of, refusal_with

#: The tag of a message that offers to undo an action begins with this; the action's ID follows.
UNDO = "undo-"
_OF_REVIEW = ("review_assign", "snooze", "confirm")
#: Actions with something typed for them.
_TYPED = ("tag", "untag", "snooze")
#: Lists that have no filters of cases, with their pages. Rows of the worklist are duties.
WORKLIST = "worklist"
_PAGES = {REVIEW: "review", WORKLIST: "worklist"}


@require_POST
@permission_required("determinations.browse_cases", raise_exception=True)
def act_on_rows(request: HttpRequest, list_name: str) -> HttpResponseBase:
    """Do what the pressed button says with the selected rows, and return to the list."""
    page = _PAGES.get(list_name) or (LISTS[list_name].url_name if list_name in LISTS else "")
    do = request.POST.get("do", "")
    if not page or (do in _OF_REVIEW and list_name != REVIEW):
        raise Http404
    query = QueryDict(request.POST.get("query", ""))
    back = with_query(reverse(page), query)
    argument = request.POST.get("tag" if do == "untag" else do, "")
    try:
        letters = _letters(request, list_name, query, most=MOST_CASES if do in IN_STEPS else MOST_AT_ONCE)
        if do == "print":
            return redirect(f"{reverse('print_cases')}?letter={_joined(letters, MOST_PRINTED, 'Print')}")
        if do == "download":
            return _download(request, letters)
        by, now = person_of(request), timezone.now()
        to = owner_named(request.POST.get("to", "").strip()) if do.endswith("assign") else None
        if len(letters) > MOST_AT_ONCE:
            action = large_actions.begin(do, letters, argument, to, by=by, now=now)
            send_rows_action(action.pk)
            return redirect("rows_action", action.pk)
        outcome = selected_rows.act(do, letters, argument, to, by=by, now=now)
    except WorkRefused as refusal:
        typed = request.POST.get("to", "") if do.endswith("assign") else argument if do in _TYPED else ""
        messages.error(request, refusal_with(typed, refusal))
    else:
        undone_by = selected_rows.remember(outcome, by=by, now=now)
        if outcome.said:
            messages.success(request, outcome.said, extra_tags=f"{UNDO}{undone_by}" if undone_by else "")
        if outcome.warned:
            messages.warning(request, outcome.warned)
    return redirect(back)


def _letters(request: HttpRequest, list_name: str, query: QueryDict, *, most: int) -> list[int]:
    if list_name == WORKLIST:
        return selected_rows.letters_of_duties(numbers_of(request.POST, "duty"))
    if request.POST.get("everything") == "yes" and list_name != REVIEW:
        return selected_rows.letters_that_match(list_name, filters_only(query), user=person_of(request), most=most)
    return selected_rows.letters_of(request.POST.getlist("row"), list_name=list_name, user=person_of(request))


def _joined(letters: list[int], most: int, verb: str) -> str:
    if len(letters) > most:
        raise WorkRefused(f"{verb} at most {most} cases at once.")
    return ",".join(map(str, letters))


def _download(request: HttpRequest, letters: list[int]) -> HttpResponse:
    for name in ("export_cases", "read_original"):
        check_permission(person_of(request), name)
    query = QueryDict(mutable=True)
    query["letter"] = ",".join(map(str, letters))
    return queue_export(request, CASES, query, ExportFormat.ZIP)


@require_POST
@permission_required("determinations.browse_cases", raise_exception=True)
def undo_action(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo what the user did with selected rows, and return to the list where that was offered."""
    action = get_object_or_404(RowsAction, pk=pk, by=person_of(request))
    if action.do:
        try:
            large_actions.begin_undo(pk, by=person_of(request), now=timezone.now())
        except WorkRefused as refusal:
            messages.error(request, str(refusal))
        else:
            send_rows_action(pk)
        return redirect("rows_action", pk)
    try:
        messages.success(request, selected_rows.undo(action, by=person_of(request), now=timezone.now()))
    except WorkRefused as refusal:
        messages.error(request, str(refusal))
    letters = ",".join(str(row[0]) for row in action.before)
    theirs = reverse("review") if action.kind == "review" else f"{reverse('case_list')}?letter={letters}"
    return redirect(back_of(request, theirs))


@require_safe
@may_work_cases
def rows_action(request: HttpRequest, pk: int) -> HttpResponse:
    """How far an action on many cases is; undone here, too."""
    action = get_object_or_404(RowsAction.objects.exclude(do="").select_related("to"), pk=pk, by=person_of(request))
    context = {
        "action": action,
        "what": _in_words(action),
        "may_undo": action.undone_at is None and timezone.now() - action.at <= selected_rows.UNDONE_WITHIN,
        "worker": worker_state().value,
    }
    is_part = request.headers.get("HX-Request") == "true"
    return render(request, f"casework/{'_' if is_part else ''}rows_action.html", context)


def _in_words(action: RowsAction) -> str:
    match action.do:
        case "assign":
            return f"Assign to {action.to.get_username()}" if action.to else "Assign to no one"
        case "status":
            return f"Set the status {WorkStatus(action.argument).label}"
        case "tag":
            return f"Add the tag {action.argument}"
        case _:
            return f"Remove the tag {action.argument}"


@require_safe
@may_work_cases
def names_to_choose(request: HttpRequest) -> HttpResponse:
    """The users and tags to choose from, for the fields of the bar: asked for when one gets the focus."""
    owners, tags = owners_and_tags()
    return render(request, "casework/_names.html", {"owners": owners, "tags": tags})


@require_safe
@permission_required("determinations.browse_cases", raise_exception=True)
def print_cases(request: HttpRequest) -> HttpResponse:
    """Several cases on one page to print: what was decided, what to do, and by when. Few queries, however many."""
    query = QueryDict(mutable=True)
    query["letter"] = request.GET.get("letter", "")
    cases = list(CASES.filterset(query).qs.order_by("-decision_date", "-pk")[:MOST_PRINTED]) if query["letter"] else []
    ids = [case.pk for case in cases]
    items: dict[int, list[tuple[DisputedItem, TextsOfItem | None]]] = {pk: [] for pk in ids}
    rows_of_items = DisputedItem.objects.filter(case__in=ids).annotate(**STORED_ITEM_TEXTS)
    for item in rows_of_items.select_related("category").order_by("number"):
        items[item.case_id].append((item, _texts_of(item)))
    duties: dict[int, list[Duty]] = {pk: [] for pk in ids}
    for duty in Duty.objects.filter(letter__in=ids).select_related("rule", "assigned_to").order_by("item_number"):
        duties[duty.letter_id].append(duty)
    audit.record_each("case.printed", ids, by=person_of(request), at=timezone.now())
    office = values_by_case(cases, list_fields(request))
    rows = [(case, items[case.pk], duties[case.pk], office[case.pk]) for case in cases]
    return render(request, "casework/print_cases.html", {"rows": rows})


def _texts_of(item: DisputedItem) -> TextsOfItem | None:
    """The texts of an item; None if one of them is damaged, which stops no other case."""
    try:
        return texts_of_item(item)
    except UnreadableValue:
        log_damaged_text(item.case_id)
        return None
