"""What workers do for users counts as their own writes."""

from collections.abc import Collection

from determinations.models import UploadedFile
from determinations.replica.own_writes import note_writes
from imrsite.connections import REPLICA, is_configured


def note_uploaders(letter_ids: Collection[int]) -> None:
    """Note that letters were read for whoever uploaded them; nothing without a replica."""
    if is_configured(REPLICA):
        arrivals = UploadedFile.objects.filter(letter__in=letter_ids, upload__by__isnull=False)
        note_writes(arrivals.order_by().values_list("upload__by", flat=True).distinct())
