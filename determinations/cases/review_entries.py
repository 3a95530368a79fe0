"""The entries of the review queue: which letters need review, and why.

Entries are recomputed with every write of a case, so that a letter leaves the queue once it is corrected.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from django.db.models import Exists, OuterRef
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from determinations.cases.holding import holding
from determinations.cases.letter_corrections import copies_of
from determinations.cases.merging import Merged
from determinations.models import Correction, CorrectionState, Letter, ProblemReport, ReviewEntry
from determinations.models.any_of import AnyOf
from determinations.models.browsing import ReportState
from determinations.models.letters import LetterState
from determinations.parsing.problems import PROBLEMS, needs_review
from determinations.wording.states import STATES

REPORTED, VALUE_CHANGED, ORPHANED = "reported", "value_changed", "correction_orphaned"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a letter is in the queue; ``urgency`` is higher for letters to review first."""

    code: str
    label: str | Promise
    about: str | Promise
    urgency: int


_BY_HAND = _("The values can be entered by hand from the pages.")
_URGENCY = {"contradiction": 70, "missing": 60, "doubt": 40, "note": 10}
_LAYOUTS = {"layout_not_known", "layout_not_read", "not_a_determination", "header_missing"}
#: States of letters without a case that staff can enter by hand, with the reason for each.
_UNREAD: Mapping[str, str] = {
    LetterState.NOT_DETERMINATION: "not_a_determination",
    **{
        state: str(state)
        for state in (
            LetterState.NO_TEXT,
            LetterState.TOO_SLOW,
            LetterState.SET_ASIDE,
            LetterState.TOO_LARGE,
            LetterState.TOO_MANY_PAGES,
            LetterState.PASSWORD_NEEDED,
            LetterState.DAMAGED,
        )
    },
}

#: All reasons by code, most urgent first.
REASONS: Mapping[str, Reason] = {
    reason.code: reason
    for reason in sorted(
        (
            Reason(REPORTED, _("reported by a user"), _("A user reported an incorrect value."), 100),
            Reason(
                VALUE_CHANGED,
                _("value changed under a correction"),
                _("The parser now reads a different value than when staff set or confirmed it."),
                90,
            ),
            Reason(
                ORPHANED,
                _("correction without its item"),
                _("The corrected value is no longer read from the letter."),
                85,
            ),
            *(
                Reason(kind.code, kind.label, kind.remedy, 50 if kind.code in _LAYOUTS else _URGENCY[kind.severity])
                for kind in PROBLEMS.values()
                if needs_review(kind.code)
            ),
            *(
                Reason(code, STATES[state].label.lower(), f"{STATES[state].explanation} {_BY_HAND}", 30)
                for state, code in _UNREAD.items()
                if code not in PROBLEMS
            ),
        ),
        key=lambda reason: -reason.urgency,
    )
}


def refresh(
    letter_ids: Collection[int],
    merged: Mapping[int, Merged] | None = None,
    known_copies: Mapping[int, int] | None = None,
) -> None:
    """Recompute the entries of these letters. Those missing from ``merged`` have no case.

    ``known_copies`` are what ``copies_of`` returns for these letters, if the caller knows it.
    """
    if not letter_ids:
        return
    copies = copies_of(letter_ids) if known_copies is None else known_copies
    reports = ProblemReport.objects.filter(AnyOf("letter", {*letter_ids, *copies}), state=ReportState.OPEN)
    reported = {copies.get(pk, pk) for pk in reports.values_list("letter_id", flat=True)} & set(letter_ids)
    reasons = {pk: _reasons(result) for pk, result in (merged or {}).items() if pk not in copies}
    without_case = set(letter_ids) - reasons.keys() - copies.keys()
    unread = Letter.objects.filter(pk__in=without_case, state__in=_UNREAD).values_list("pk", "state")
    reasons |= {pk: {_UNREAD[state]} for pk, state in unread}
    for pk in _with_lost_corrections(without_case):
        reasons[pk] = reasons.get(pk, set()) | {ORPHANED}
    for pk in reported:
        reasons[pk] = reasons.get(pk, set()) | {REPORTED}
    wanted = {pk: codes for pk, codes in reasons.items() if codes}
    kept_for = _work_on_copies(copies, wanted)
    ReviewEntry.objects.filter(AnyOf("pk", set(letter_ids) - wanted.keys())).delete()
    ReviewEntry.objects.bulk_create(
        (
            ReviewEntry(letter_id=pk, reasons=_ordered(codes), urgency=urgency_of(codes))
            for pk, codes in wanted.items()
        ),
        update_conflicts=True,
        unique_fields=["letter"],
        update_fields=["reasons", "urgency"],
    )
    for pk, work in kept_for.items():
        ReviewEntry.objects.filter(pk=pk, assigned_to=None).update(**work)
    if copies:
        ReviewEntry.objects.filter(pk__in=copies).delete()


class _Work(TypedDict):
    """Who an entry is assigned to, and until when it is snoozed."""

    assigned_to_id: int | None
    snoozed_until: datetime | None


def _work_on_copies(copies: Mapping[int, int], wanted: Collection[int]) -> dict[int, _Work]:
    """Assignments and snoozes of copies, by the letter that counts instead: it is the same work."""
    entries = ReviewEntry.objects.filter(pk__in=copies) if copies else ReviewEntry.objects.none()
    return {
        copies[entry.pk]: {"assigned_to_id": entry.assigned_to_id, "snoozed_until": entry.snoozed_until}
        for entry in entries
        if copies[entry.pk] in wanted
    }


def note_report(reported_id: int) -> None:
    """Update the entry after a user reported a problem of this letter, or a report was answered."""
    holding([reported_id], lambda _held: _note_report(reported_id))


def _note_report(reported_id: int) -> None:
    letter_id = copies_of([reported_id]).get(reported_id, reported_id)
    entry = ReviewEntry.objects.filter(pk=letter_id).first()
    same_letter = {letter_id, *copies_of([letter_id])}
    is_open = ProblemReport.objects.filter(letter__in=same_letter, state=ReportState.OPEN).exists()
    codes = set(entry.reasons if entry else ()) - {REPORTED} | ({REPORTED} if is_open else set())
    if not codes:
        ReviewEntry.objects.filter(pk=letter_id).delete()
        return
    ReviewEntry.objects.update_or_create(
        pk=letter_id, defaults={"reasons": _ordered(codes), "urgency": urgency_of(codes)}
    )


def urgency_of(codes: Collection[str]) -> int:
    """The urgency of the most urgent reason, plus a little for each additional one."""
    known = [REASONS[code].urgency if code in REASONS else _URGENCY["doubt"] for code in codes]
    return max(known) + min(len(known) - 1, 9)


def _reasons(merged: Merged) -> set[str]:
    codes = {problem["code"] for problem in merged.record["problems"] if needs_review(problem["code"])}
    states = set(merged.states.values())
    if CorrectionState.CONFLICT in states:
        codes.add(VALUE_CHANGED)
    if CorrectionState.ORPHANED in states:
        codes.add(ORPHANED)
    return codes


def _with_lost_corrections(letter_ids: Collection[int]) -> set[int]:
    """Letters without a case that staff corrected when they had one."""
    if not letter_ids:
        return set()
    of_letter = Correction.objects.filter(letter_sha256=OuterRef("sha256"), letter_part=OuterRef("part"))
    corrected = Exists(of_letter.exclude(state=CorrectionState.REVERTED))
    return set(Letter.objects.filter(corrected, pk__in=letter_ids).values_list("pk", flat=True))


def _ordered(codes: Iterable[str]) -> list[str]:
    return sorted(codes, key=lambda code: (-urgency_of([code]), code))
