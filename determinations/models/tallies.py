"""Counts of letters that triggers keep, so that no request counts all letters."""

from django.db import models


class LetterTally(models.Model):
    """How many letters more, or fewer, one statement left with this state and layout.

    The number of such letters is the sum of ``letters`` over all rows. A statement on letters only adds rows, in its
    own transaction, so writers never wait for one another; ``statistics.letter_tallies`` sums them up from time to
    time.
    """

    state = models.CharField(max_length=20)
    layout = models.CharField(max_length=40, blank=True)
    letters = models.BigIntegerField(help_text="negative where letters left")

    def __str__(self) -> str:
        return f"{self.letters} of {self.state}, {self.layout}"
