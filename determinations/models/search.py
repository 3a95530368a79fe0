"""The words that letters use, for corrections of typing errors and for suggestions while a search is typed."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F


class SearchWord(models.Model):
    """A word of the newest letters in the singular. Rows are replaced from time to time (``browsing.vocabulary``)."""

    word = models.CharField(max_length=60, primary_key=True, db_collation="C")
    letters = models.PositiveIntegerField(help_text="how many of the letters counted have it")
    office_sets = ArrayField(
        models.SmallIntegerField(), default=list, db_default=[], help_text="of the letters that have it"
    )

    class Meta:
        indexes = [GinIndex(OpClass(F("word"), name="gin_trgm_ops"), name="search_word_parts")]

    def __str__(self) -> str:
        return self.word


class SearchVocabulary(models.Model):
    """When the words were counted last: a single row."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    counted_at = models.DateTimeField()
    last_letter = models.BigIntegerField(help_text="the newest letter then")

    class Meta:
        constraints = [models.CheckConstraint(name="search_vocabulary_one_row", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return "Vocabulary of search"
