"""Reparses letters: first a preview of the changes, then the changes themselves, one chunk of letters at a time.

The stored text is parsed by the current parser with the current aliases and rules or, in a preview, with a proposed
alias or rule. Corrections apply to the result.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import DatabaseError, OperationalError, transaction
from django.db.models import Max, QuerySet
from django.http import QueryDict

from determinations.access import audit
from determinations.access.roles import check_permission
from determinations.cases.letter_corrections import corrections_of
from determinations.cases.merging import empty_document, merge
from determinations.cases.readable_values import note_damaged, readable_documents
from determinations.filters import CaseFilter
from determinations.models import (
    Case,
    DamagedValue,
    ItemText,
    Letter,
    LetterText,
    ParsedDocument,
    PrintedCitation,
    ReparseExample,
    ReparseRun,
    ReviewEntry,
    RunState,
)
from determinations.models.letters import OPEN_STATES
from determinations.models.reparsing import AT_WORK, FieldCounts, Selection
from determinations.parsing import PARSER_VERSION
from determinations.parsing.results import to_record
from determinations.reading.differences import Difference, differences
from determinations.reading.file_letters import parts_by_letter
from determinations.reading.one_letter import Reading
from determinations.reading.parsing_again import Parsed, parse_again, texts_to_parse
from determinations.reading.writing import write_readings
from determinations.reference.aliases import Proposal, apply_proposal, proposed_aliases, proposed_rules
from determinations.reference.category_rules import active_rules, with_rules

log = logging.getLogger(__name__)

#: Letters reparsed per transaction.
CHUNK = 50
#: The kind of an example that is a letter which could not be read again; its new value is the reason.
FAILED = "failed"
_NOT_COMPARED = "Its stored values are damaged and cannot be compared. The run reads them anew from its text."
_EXAMPLES_PER_FIELD = 8
_MOST_EXAMPLES = 200
#: Letters that one step searches for its chunk, so that a rare selection costs no more per step than a common one.
_WINDOW = 10_000


def letters_of(selection: Selection) -> QuerySet[LetterText]:
    """The selected letters that have a text. A filtered list of cases is evaluated anew at each step."""
    texts = LetterText.objects.all()
    match selection["what"]:
        case "all":
            return texts
        case "older":
            return texts.filter(letter__parsed__isnull=False).exclude(letter__parsed__parser_version=PARSER_VERSION)
        case "problem":
            entries = ReviewEntry.objects.filter(reasons__contains=[selection["code"]])
            return texts.filter(letter__in=entries.values("letter_id"))
        case "form":
            printed = PrintedCitation.objects.filter(normalised__contains=selection["form"])
            return texts.filter(letter__in=printed.values("letter_id"))
        case "phrase":
            matching_texts = ItemText.objects.filter(item__disputed__icontains=selection["phrase"])
            return texts.filter(letter__in=matching_texts.values("item__case_id"))
        case "filter":
            cases = CaseFilter(QueryDict(selection["query"]), queryset=Case.objects.all()).qs
            return texts.filter(letter__in=cases.order_by().values("pk"))
        case "ids":
            return texts.filter(letter__in=selection["ids"])
    raise ValueError("no such selection of letters")


def start(
    selection: Selection,
    *,
    by: User,
    now: datetime,
    why: str = "",
    proposal: Proposal | None = None,
) -> ReparseRun:
    """Create a run, ready for its preview. ``proposal`` is the alias or rule that the run would activate."""
    check_permission(by, "correct_cases")
    chosen: Selection = {**selection, "proposal": proposal.to_json()} if proposal else selection
    run = ReparseRun.objects.create(
        selection=chosen, why=why[:300], by_id=by.pk, at=now, parser_version=PARSER_VERSION, last_letter=_last_letter()
    )
    audit.record("reparse.previewed", by=by, at=now, run=run.pk)
    return run


def _last_letter() -> int:
    return Letter.objects.aggregate(last=Max("pk"))["last"] or 0


def go(run_id: int, *, by: User, now: datetime) -> None:
    """Start or resume a previewed or paused run; a proposed alias or rule is activated."""
    check_permission(by, "correct_cases")
    with transaction.atomic():
        run = ReparseRun.objects.select_for_update().get(pk=run_id)
        if run.state == RunState.PREVIEWED:
            run.reached = 0
            if "proposal" in run.selection:
                apply_proposal(Proposal.from_json(run.selection["proposal"]), by=by, now=now)
                run.last_letter = _last_letter()  # letters added since the preview were read without it
        elif run.state != RunState.PAUSED:
            return
        run.state, run.stepped_at = RunState.RUNNING, now
        run.save()
        audit.record("reparse.started", by=by, at=now, run=run.pk)


def pause(run_id: int, *, by: User, now: datetime) -> None:
    """Pause the run after the current chunk."""
    _move(run_id, (RunState.RUNNING,), RunState.PAUSED, "reparse.paused", by, now)


def stop(run_id: int, *, by: User, now: datetime) -> None:
    """Stop the run permanently; changes already made are kept."""
    states = (RunState.PREVIEWING, RunState.PREVIEWED, RunState.RUNNING, RunState.PAUSED)
    _move(run_id, states, RunState.STOPPED, "reparse.stopped", by, now)


def _move(run_id: int, states: Sequence[RunState], to: RunState, action: str, by: User, now: datetime) -> None:
    check_permission(by, "correct_cases")
    with transaction.atomic():
        run = ReparseRun.objects.select_for_update().get(pk=run_id)
        if run.state in states:
            run.state, run.finished_at = to, now if to == RunState.STOPPED else None
            run.save(update_fields=["state", "finished_at"])
            audit.record(action, by=by, at=now, run=run.pk)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """The next letters of a run: the texts among which it looked, up to letter ``last``."""

    texts: Sequence[LetterText]
    last: int


def step(run_id: int, *, now: datetime) -> bool:
    """Reparse the next chunk of a run; returns whether there may be more to do.

    The chunk is parsed first, and only then is the run locked and written, so that a slow letter makes nobody wait who
    pauses or stops the run. If the run moved on meanwhile, the chunk is discarded.
    """
    run = ReparseRun.objects.get(pk=run_id)
    if run.state not in AT_WORK:
        return False
    proposal = _proposal_of(run)
    chunk = _next_chunk(run)
    parsed = parse_again(chunk.texts, _aliases_for(run, proposal)) if chunk else None
    with transaction.atomic():
        current = ReparseRun.objects.select_for_update().get(pk=run_id)
        if (current.state, current.reached) != (run.state, run.reached):
            return current.state in AT_WORK
        if chunk is None or parsed is None:
            _finish(current, now)
        else:
            if chunk.texts:
                _compare(current, chunk.texts, parsed, proposal)
            current.reached = chunk.last
            current.stepped_at = now
        current.save()
    return chunk is not None


def _proposal_of(run: ReparseRun) -> Proposal | None:
    return Proposal.from_json(run.selection["proposal"]) if "proposal" in run.selection else None


def _aliases_for(run: ReparseRun, proposal: Proposal | None) -> Mapping[str, str]:
    """The aliases to parse with: in a preview, as if the proposed one were active."""
    return proposed_aliases(proposal if run.state == RunState.PREVIEWING else None)


def _next_chunk(run: ReparseRun) -> _Chunk | None:
    """The next selected letters; None when the run has reached its last letter."""
    window = _next_window(run)
    if window is None:
        return None
    first, last = window
    chosen = letters_of(run.selection).filter(letter_id__gte=first, letter_id__lte=last)
    if run.state == RunState.RUNNING:  # queued letters will be read by the current parser anyway
        chosen = chosen.exclude(letter__state__in=OPEN_STATES)
    texts = texts_to_parse(chosen, CHUNK)
    return _Chunk(texts, texts[-1].letter_id if len(texts) == CHUNK else last)


def _next_window(run: ReparseRun) -> tuple[int, int] | None:
    """The letters, from and to, among which the next step looks; None when none is left."""
    left = Letter.objects.filter(pk__gt=run.reached, pk__lte=run.last_letter).order_by("pk")
    first = left.values_list("pk", flat=True).first()
    return None if first is None else (first, min(first + _WINDOW - 1, run.last_letter))


def _finish(run: ReparseRun, now: datetime) -> None:
    if run.state == RunState.PREVIEWING:
        run.state, run.letters = RunState.PREVIEWED, run.previewed
    else:
        run.state, run.finished_at = RunState.FINISHED, now


def _compare(run: ReparseRun, texts: Sequence[LetterText], parsed: Parsed, proposal: Proposal | None) -> None:
    """Count what the new readings change, and in a run write them."""
    is_preview = run.state == RunState.PREVIEWING
    rules_now = active_rules()
    rules_then = proposed_rules(proposal) if is_preview else rules_now
    ids = [text.letter_id for text in texts]
    documents = readable_documents(ParsedDocument.objects.filter(letter__in=ids))
    stored = documents.values
    corrections = corrections_of(Letter.objects.filter(pk__in=stored))
    counts = run.expected if is_preview else run.outcome
    parts = parts_by_letter(parsed.readings)
    failed = dict(parsed.failed)
    if is_preview:  # a run writes them anew
        note_damaged(documents.damaged, DamagedValue.DOCUMENT)
        failed |= dict.fromkeys(documents.damaged - failed.keys(), _NOT_COMPARED)
    for pk in ids:
        if pk in failed:
            continue
        fresh = to_record(parts[pk].letter) if pk in parts else empty_document()
        old = with_rules(stored.get(pk, fresh), rules_now)
        merged = merge(old, corrections.get(pk, []))
        changes = list(differences(old, with_rules(fresh, rules_then), merged))
        _count(counts, changes)
        if is_preview:
            _keep_examples(run, pk, changes)
            run.letters_differing += bool(changes)
        else:
            run.letters_changed += bool(changes) or pk in documents.damaged
    if is_preview:
        run.previewed += len(texts)
    else:
        run.done += len(texts)
        failed |= _write(parsed.readings)
        run.failed += len(failed)
    _keep_failures(run, failed)


def _write(readings: Sequence[Reading]) -> dict[int, str]:
    """Write the readings together or, if that fails, one by one; returns why letters cannot be stored."""
    try:
        with transaction.atomic():
            write_readings(readings)
    except OperationalError:
        raise  # the connection or a deadlock, not a letter: the step is retried
    except DatabaseError as fault:
        if len(readings) > 1:
            return {pk: reason for reading in readings for pk, reason in _write([reading]).items()}
        # The message of a database error may contain letter text: only its type is logged.
        kind, pk = type(fault).__name__, readings[0].letter_id
        log.error("The new values of letter %d cannot be stored (%s).", pk, kind)
        return {pk: f"What was read could not be stored ({kind})."}
    return {}


def _keep_failures(run: ReparseRun, failed: Mapping[int, str]) -> None:
    """Keep why letters could not be read again, for the page of the run; of a preview and the run itself, once."""
    room = _MOST_EXAMPLES - ReparseExample.objects.filter(run=run, kind=FAILED).count()
    known = set(ReparseExample.objects.filter(run=run, kind=FAILED).values_list("letter_id", flat=True))
    ReparseExample.objects.bulk_create(
        ReparseExample(run=run, letter_id=pk, path="", field="", kind=FAILED, old_value=None, new_value=reason)
        for pk, reason in list(failed.items())[: max(room, 0)]
        if pk not in known
    )


def _count(counts: dict[str, FieldCounts], changes: Sequence[Difference]) -> None:
    for change in changes:
        of_field = counts.setdefault(change.field, {"changed": 0, "gains": 0, "losses": 0})
        of_field["changed"] += 1
        of_field["gains"] += change.kind == "gain"
        of_field["losses"] += change.kind == "loss"


def _keep_examples(run: ReparseRun, letter_id: int, changes: Sequence[Difference]) -> None:
    """Keep a few examples per field, and every loss up to the limit."""
    kept: dict[str, int] = {}
    for example in ReparseExample.objects.filter(run=run).exclude(kind=FAILED).values_list("field", flat=True):
        kept[example] = kept.get(example, 0) + 1
    for change in changes:
        room = _MOST_EXAMPLES - sum(kept.values())
        if room > 0 and (change.kind == "loss" or kept.get(change.field, 0) < _EXAMPLES_PER_FIELD):
            kept[change.field] = kept.get(change.field, 0) + 1
            ReparseExample.objects.create(
                run=run,
                letter_id=letter_id,
                path=change.path,
                field=change.field,
                kind=change.kind,
                old_value=change.old,
                new_value=change.new,
            )
