"""What staff add to a case: its owner, status, tags and notes. Keyed to the letter that counts, see ``casework``."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from determinations.models.letters import Letter

#: What rows had before an action: ``[letter, value, ...]`` each.
RowsBefore = list[list[int | str | list[str] | None]]
#: Characters of a tag and of a note.
LONGEST_TAG, LONGEST_NOTE = 40, 4_000


class WorkStatus(models.TextChoices):
    """How far the office is with a case."""

    NEW = "new", _("New")
    AUTHORIZING = "authorizing", _("Being authorized")
    DONE = "done", _("Done")
    DISPUTED = "disputed", _("Disputed")


class CaseWork(models.Model):
    """The owner, status and tags of a case. A case without a row is new, without owner and tags."""

    letter = models.OneToOneField(Letter, primary_key=True, on_delete=models.CASCADE, related_name="work")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="cases_owned", db_index=False
    )
    status = models.CharField(max_length=12, choices=WorkStatus.choices, default=WorkStatus.NEW)
    tags = ArrayField(models.CharField(max_length=LONGEST_TAG), default=list)
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["owner", "letter"], name="case_work_owner", condition=Q(owner__isnull=False)),
            models.Index(fields=["status", "letter"], name="case_work_status", condition=~Q(status="new")),
            GinIndex(fields=["tags"], name="case_work_tags"),
        ]
        permissions = [("work_cases", "Can assign cases, set their status, tag them and write notes")]

    def __str__(self) -> str:
        return f"Work on letter {self.letter_id}"


class WorkLink(models.ForeignObject):
    """The work on a case, reached from the column of a row that holds the case's letter, without reading the letter.

    It has no column of its own, and migrations do not know of it.
    """

    def __init__(self, column: str) -> None:
        super().__init__(
            CaseWork,
            on_delete=models.DO_NOTHING,
            from_fields=[column],
            to_fields=["letter"],
            null=True,
            related_name="+",
            editable=False,
        )

    def contribute_to_class(
        self, cls: type[models.Model], name: str, private_only: bool = True, **options: object
    ) -> None:
        """Add it as a field that has no column, as generic relations are."""
        super().contribute_to_class(cls, name, private_only, **options)


class Tag(models.Model):
    """A tag that some case has or had: what users choose from, in the spelling that was used first."""

    name = models.CharField(max_length=LONGEST_TAG)
    at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="tag_once")]

    def __str__(self) -> str:
        return self.name


class CaseNote(models.Model):
    """A note on a case. ``mentioned`` are the user names of those whom it mentions and who may read it."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="case_notes", db_index=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="case_notes")
    at = models.DateTimeField()
    text = models.TextField(max_length=LONGEST_NOTE)
    mentioned = ArrayField(models.CharField(max_length=150), default=list)
    edited_at = models.DateTimeField(null=True)
    search = SearchVectorField(null=True)
    words_version = models.IntegerField(default=0, help_text="the form of the search vector")

    class Meta:
        indexes = [
            models.Index(fields=["letter", "-id"], name="case_note_letter"),
            models.Index(fields=["words_version", "id"], name="case_note_words_version"),
            GinIndex(fields=["search"], name="case_note_words"),
        ]

    def __str__(self) -> str:
        return f"Note {self.pk}"


class EarlierNote(models.Model):
    """What a note said before it was edited."""

    note = models.ForeignKey(CaseNote, on_delete=models.CASCADE, related_name="earlier")
    text = models.TextField()
    until = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"Earlier wording of note {self.note_id}"


class RowsState(models.TextChoices):
    """How far an action on selected rows is."""

    DONE = "done", _("Done")
    RUNNING = "running", _("Being done")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")
    FAILED = "failed", _("Stopped")


class RowsAction(models.Model):
    """What a user did with selected rows, and what the cases had before, so that the user can undo it for a while.

    ``do``, ``argument``, ``to`` and ``waiting`` are set for actions on many cases, which workers do in steps.
    """

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=8, help_text="work: owner, status and tags; review: assignment and snooze")
    before: "models.JSONField[RowsBefore, RowsBefore]" = models.JSONField(help_text="values by letter")
    undone_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=RowsState.choices, default=RowsState.DONE)
    do = models.CharField(max_length=16, blank=True)
    argument = models.CharField(max_length=1_000, blank=True)
    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    waiting = ArrayField(models.BigIntegerField(), default=list, help_text="letters of the cases that are left")
    total = models.IntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)
    stepped_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["state"], name="rows_action_work", condition=Q(state__in=["running", "undoing"])),
        ]

    def __str__(self) -> str:
        return f"Action {self.pk}"

    @property
    def is_at_work(self) -> bool:
        """Whether workers still have something to do."""
        return self.state in (RowsState.RUNNING, RowsState.UNDOING)

    @property
    def number_done(self) -> int:
        """How many of the cases it was done for."""
        return self.total - len(self.waiting)
