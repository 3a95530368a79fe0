"""The office's own fields: claim number, employer and others that letters do not hold, kept by case number.

Each field has a slot. The values of a case number are one row of ``CaseValues``, with a column per slot that holds the
ID of an ``OfficeValue``: a text that many cases share is stored once, under its normal form. Cases and fact rows have
the same columns, copied from there (``cases.office_values``), so that lists and statistics read no other table.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, IntegerField, Q
from django.utils.translation import gettext_lazy as _

from determinations.models.read_often import ReadOften

#: Fields that an office can have, retired ones included.
MOST_FIELDS = 20
SLOTS = range(1, MOST_FIELDS + 1)
#: Characters of a value.
LONGEST_VALUE = 200


def column_of(slot: int) -> str:
    """The column of a field, which is also its parameter in addresses."""
    return f"field_{slot}"


#: The columns of all slots, in order.
COLUMNS = tuple(column_of(slot) for slot in SLOTS)


def all_values() -> Func:
    """The IDs of all values of a row, as one array to index: an ID belongs to one field only."""
    return Func(
        *(F(column) for column in COLUMNS),
        template="(ARRAY[%(expressions)s])",
        output_field=ArrayField(IntegerField()),
    )


class OfficeColumns(ReadOften):
    """One column per slot: the ID of the value, null for none."""

    field_1 = models.IntegerField(null=True)
    field_2 = models.IntegerField(null=True)
    field_3 = models.IntegerField(null=True)
    field_4 = models.IntegerField(null=True)
    field_5 = models.IntegerField(null=True)
    field_6 = models.IntegerField(null=True)
    field_7 = models.IntegerField(null=True)
    field_8 = models.IntegerField(null=True)
    field_9 = models.IntegerField(null=True)
    field_10 = models.IntegerField(null=True)
    field_11 = models.IntegerField(null=True)
    field_12 = models.IntegerField(null=True)
    field_13 = models.IntegerField(null=True)
    field_14 = models.IntegerField(null=True)
    field_15 = models.IntegerField(null=True)
    field_16 = models.IntegerField(null=True)
    field_17 = models.IntegerField(null=True)
    field_18 = models.IntegerField(null=True)
    field_19 = models.IntegerField(null=True)
    field_20 = models.IntegerField(null=True)

    class Meta:
        abstract = True


class FieldKind(models.TextChoices):
    """What a field's values are."""

    TEXT = "text", _("short text")
    NUMBER = "number", _("number")
    DATE = "date", _("date")
    CHOICE = "choice", _("choice from a list")


class OfficeField(models.Model):
    """A field, as an administrator set it up. Renaming or retiring it keeps its values."""

    slot = models.PositiveSmallIntegerField(primary_key=True)
    key = models.CharField(
        max_length=20, unique=True, verbose_name="search name", help_text="letters only; never changes: employer:acme"
    )
    name = models.CharField(max_length=40)
    kind = models.CharField(max_length=8, choices=FieldKind.choices, default=FieldKind.TEXT)
    choices = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    position = models.PositiveSmallIntegerField(default=0, help_text="fields are shown in this order")
    in_lists = models.BooleanField(default=True, verbose_name="a column of lists")
    in_filters = models.BooleanField(default=True, verbose_name="a filter")
    in_search = models.BooleanField(default=True, verbose_name="searched")
    in_statistics = models.BooleanField(default=False, verbose_name="a breakdown of statistics")
    masked = models.BooleanField(default=True, verbose_name="masked for outside parties")
    seen_by = ArrayField(models.CharField(max_length=20), default=list, verbose_name="seen by")
    edited_by = ArrayField(models.CharField(max_length=20), default=list, verbose_name="edited by")
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "slot"]
        constraints = [
            models.CheckConstraint(condition=Q(slot__gte=1, slot__lte=MOST_FIELDS), name="office_field_slot"),
        ]
        permissions = [
            ("edit_office_values", "Can edit the office's fields of a case"),
            ("import_office_values", "Can import values of the office's fields"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def column(self) -> str:
        """The column of cases and facts, and the parameter in addresses."""
        return column_of(self.slot)


class OfficeValue(models.Model):
    """A value of a field, once for all cases that have it, as it was first entered.

    Spellings that differ in capitals, spaces and punctuation have the same ``normal`` form, and so are one value.
    An administrator can merge a value into another; it stays as another name of that one.
    """

    id = models.AutoField(primary_key=True)
    field = models.ForeignKey(OfficeField, on_delete=models.PROTECT, related_name="values", db_index=False)
    normal = models.CharField(max_length=LONGEST_VALUE)
    printed = models.CharField(max_length=LONGEST_VALUE)
    number = models.DecimalField(null=True, max_digits=24, decimal_places=6)
    day = models.DateField(null=True)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="merged")
    search = SearchVectorField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["field", "normal"], name="office_value_once")]
        indexes = [
            models.Index(fields=["field", "number"], name="office_value_number", condition=Q(number__isnull=False)),
            models.Index(fields=["field", "day"], name="office_value_day", condition=Q(day__isnull=False)),
            models.Index(F("field"), OpClass(F("normal"), name="varchar_pattern_ops"), name="office_value_beginning"),
            GinIndex(fields=["search"], name="office_value_words"),
        ]

    def __str__(self) -> str:
        return f"Value {self.pk}"


class CaseValues(OfficeColumns):
    """The values of a case number, whether or not its letter has arrived. ``version`` rises with every change.

    ``pending``: the cases and facts of the number do not have these values yet.
    """

    case_number = models.CharField(max_length=20, primary_key=True)
    version = models.IntegerField(default=0)
    pending = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["case_number"], name="case_values_pending", condition=Q(pending=True))]

    def __str__(self) -> str:
        return f"Values of {self.case_number}"


class ImportState(models.TextChoices):
    """The state of an import."""

    READING = "reading", _("being read")
    CHECKING = "checking", _("being checked")
    READY = "ready", _("ready to apply")
    APPLYING = "applying", _("being applied")
    APPLIED = "applied", _("applied")
    UNDOING = "undoing", _("being undone")
    UNDONE = "undone", _("undone")
    FAILED = "failed", _("failed")
    DISCARDED = "discarded", _("discarded")


#: States in which a worker has something to do.
AT_WORK = (ImportState.READING, ImportState.CHECKING, ImportState.APPLYING, ImportState.UNDOING)


class OfficeImport(models.Model):
    """A table of values that a user uploaded, by case number. ``file`` is emptied once its rows are read."""

    by = models.ForeignKey("auth.User", on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=200)
    file = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.READING)
    message = models.CharField(max_length=300, blank=True)
    heads = models.JSONField(default=list, help_text="the headings of the columns")
    meanings = models.JSONField(default=list, help_text="of each column: case_number, a slot, or nothing")
    erase_empty = models.BooleanField(default=False, help_text="empty cells erase the value")
    counts = models.JSONField(default=dict, help_text="rows by outcome, and what was written")
    uploaded_at = models.DateTimeField()
    stepped_at = models.DateTimeField(null=True, help_text="when a worker last began to work on it")
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state"], name="office_import_work", condition=Q(state__in=AT_WORK))]

    def __str__(self) -> str:
        return f"Import {self.pk}"


class RowOutcome(models.TextChoices):
    """What an import does with a row."""

    NEW = "new", _("new values")
    CHANGED = "changed", _("changes values")
    SAME = "same", _("unchanged")
    ERROR = "error", _("error")


class OfficeImportRow(models.Model):
    """A row of an imported table, as it was read, and what it does."""

    source = models.ForeignKey(OfficeImport, on_delete=models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField(help_text="in the file, as a spreadsheet counts")
    cells = models.JSONField()
    case_number = models.CharField(max_length=20, blank=True)
    outcome = models.CharField(max_length=8, choices=RowOutcome.choices, blank=True)
    waiting = models.BooleanField(default=False, help_text="no letter with this case number has arrived yet")
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "number"], name="office_import_row_once")]
        indexes = [models.Index(fields=["source", "outcome", "number"], name="office_import_row_outcome")]

    def __str__(self) -> str:
        return f"Row {self.number} of import {self.source_id}"


class ValueChange(models.Model):
    """A value of a case that was entered, changed or erased: the history. Rows are only added."""

    case_number = models.CharField(max_length=20)
    field = models.ForeignKey(OfficeField, on_delete=models.PROTECT, related_name="+", db_index=False)
    old = models.ForeignKey(OfficeValue, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    new = models.ForeignKey(OfficeValue, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    typed = models.CharField(max_length=LONGEST_VALUE, blank=True, help_text="as it was entered")
    by_id = models.IntegerField(null=True)
    by_name = models.CharField(max_length=150)
    at = models.DateTimeField()
    source = models.ForeignKey(OfficeImport, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    undoes = models.BooleanField(default=False, help_text="undoes what the import did")

    class Meta:
        indexes = [
            models.Index(fields=["case_number", "-id"], name="value_change_case"),
            models.Index(fields=["source", "id"], name="value_change_import", condition=Q(source__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"Change {self.pk} of {self.case_number}"
