"""The check of packed texts and documents in the database."""

from django.db.models import Exists, OuterRef

from determinations.models import DamagedText, Letter
from determinations.operations.findings import Finding, Level
from determinations.paging.counts import count_up_to

_NAMED = 5


def stored_texts() -> Finding:
    """Whether workers came upon a text or document that cannot be unpacked (see ``cases.readable_values``)."""
    letters = Letter.objects.filter(Exists(DamagedText.objects.filter(letter=OuterRef("pk")))).order_by("pk")
    named = list(letters.values_list("pk", flat=True)[:_NAMED])
    if not named:
        return Finding(Level.OK, "No damaged text is noted. manage.py check_texts reads all stored texts.")
    count = count_up_to(letters)
    is_one = len(named) == 1
    return Finding(
        Level.FAILING,
        f"A stored text or value of {count} letter{' is' if is_one else 's is'} damaged, and left out of what reads "
        f"many letters: {', '.join(map(str, named))}{'' if len(named) < _NAMED else ' ...'}. All else is kept.",
        "Run manage.py check_texts --read-again, which has their files read again, or restore a backup elsewhere. "
        "See whether the disk of the database fails.",
    )
