"""What there is of a case, told in one statement, so that its page asks for nothing that the case does not have."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from determinations.models import Case, CaseNote, CaseWork, Duty, Letter, ProblemReport, Receipt, Watch
from determinations.paging.composed import COUNTING, LETTER, ME, SHA256, Part, exists_of, read_parts
from determinations.retention.holds import rows_on
from determinations.views.frame_counts import given_by, note_frame_counts, parts_of_frame
from determinations.views.requests import held_by, person_of


@dataclass(frozen=True, slots=True)
class CaseHas:
    """Whether a case has each of these.

    ``older_versions`` are those that it replaces, copies too; ``reports`` problems that the user reported;
    ``other_letters`` further letters of its file. ``work``, ``notes`` and ``watched`` are of the letter that counts.
    """

    older_versions: bool
    other_letters: bool
    reports: bool
    duties: bool
    receipt: bool
    work: bool
    notes: bool
    watched: bool
    holds: bool


def own_reports(case_id: int, user: User) -> QuerySet[ProblemReport]:
    """The problems that the user reported on a case, and on copies of it."""
    of_copies = Q(letter__case__superseded_by=case_id, letter__case__is_copy=True)
    return ProblemReport.objects.filter(Q(letter=case_id) | of_copies, by=user)


_PARTS: Mapping[str, Part[bool]] = {
    "older_versions": exists_of(lambda: Case.objects.filter(superseded_by=LETTER.sample)),
    "other_letters": exists_of(lambda: Letter.objects.filter(sha256=SHA256.sample).exclude(pk=LETTER.sample)),
    "reports": exists_of(lambda: own_reports(LETTER.sample, User(pk=ME.sample))),
    "duties": exists_of(lambda: Duty.objects.filter(letter=LETTER.sample)),
    "receipt": exists_of(lambda: Receipt.objects.filter(pk=LETTER.sample)),
    "work": exists_of(lambda: CaseWork.objects.filter(pk=COUNTING.sample)),
    "notes": exists_of(lambda: CaseNote.objects.filter(letter=COUNTING.sample)),
    "watched": exists_of(lambda: Watch.objects.filter(user=ME.sample, letter=COUNTING.sample)),
    "holds": exists_of(lambda: rows_on([LETTER.sample])),
}


def case_has(request: HttpRequest, case: Case) -> CaseHas:
    """What there is of the case; read with what the frame of the page counts."""
    given = given_by(request) | {
        LETTER.name: case.pk,
        COUNTING.name: case.superseded_by_id or case.pk,
        SHA256.name: case.letter.sha256,
    }
    values = read_parts({**_PARTS, **parts_of_frame(held_by(person_of(request)))}, given)
    note_frame_counts(request, values)
    return CaseHas(**{name: bool(values[name]) for name in _PARTS})
