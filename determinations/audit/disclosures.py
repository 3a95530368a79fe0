"""Everyone who saw, printed, exported, downloaded or corrected one case, when and from where."""

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from determinations.audit.trail import events_visible_to, of_letters
from determinations.models import AuditEvent, Case


def letters_of_case(case: Case) -> list[int]:
    """The case's letter, with its copies and versions and other letters of the same case number."""
    same = Q(superseded_by=case.pk)
    if case.case_number:
        same |= Q(case_number=case.case_number)
    if case.superseded_by_id is not None:
        same |= Q(pk=case.superseded_by_id)
    return sorted({case.pk, *Case.objects.filter(same).values_list("pk", flat=True)})


def disclosures_of(letters: Sequence[int], *, to: User) -> QuerySet[AuditEvent]:
    """Every event about these letters that the user may see, and every download of an export that contained one."""
    events = events_visible_to(to)
    exports = events.filter(action="list.exported", letter_ids__overlap=list(letters), detail__has_key="export")
    numbers = list(exports.values_list("detail__export", flat=True))
    downloads = Q(action="export.downloaded", detail__export__in=numbers) if numbers else Q(pk__in=[])
    return events.filter(of_letters(letters) | downloads)
