"""Letters whose grounds were recognized by an earlier form of the rules or the model, or not at all.

Workers read them again in the background (``reading.grounds_again``); until then they keep the grounds they have.
"""

from django.db.models import Q

from determinations.models import ParsedDocument
from determinations.paging.counts import Count, count_up_to
from determinations.parsing.grounds import version


def letters_with_old_grounds(limit: int) -> list[int]:
    """Letters whose grounds are of an earlier form, up to ``limit``."""
    now = version()
    letters: list[int] = []
    for old in (Q(grounds_version__lt=now), Q(grounds_version__gt=now)):
        documents = ParsedDocument.objects.filter(old).order_by("grounds_version", "pk")
        letters += documents.values_list("pk", flat=True)[: limit - len(letters)]
    return letters


def count_old_grounds() -> Count:
    """How many letters have grounds of an earlier form."""
    now = version()
    return count_up_to(ParsedDocument.objects.filter(Q(grounds_version__lt=now) | Q(grounds_version__gt=now)))
