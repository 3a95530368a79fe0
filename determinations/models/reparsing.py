"""Runs that read letters again with the current parser, aliases and rules. They are previewed and can be paused."""

from typing import Literal, TypedDict

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class RunState(models.TextChoices):
    """The state of a run."""

    PREVIEWING = "previewing", _("preview in progress")
    PREVIEWED = "previewed", _("previewed")
    RUNNING = "running", _("running")
    PAUSED = "paused", _("paused")
    FINISHED = "finished", _("finished")
    STOPPED = "stopped", _("stopped")


#: States in which workers process the run.
AT_WORK = (RunState.PREVIEWING, RunState.RUNNING)


class ProposalRecord(TypedDict):
    """An alias or rule that the run activates or deactivates, see ``aliases.Proposal``."""

    kind: Literal["alias", "rule"]
    words: str
    target: int | None


class Selection(TypedDict, total=False):
    """The letters that a run reads again: ``what``, with its parameters (see ``reparsing.letters_of``)."""

    what: str
    code: str
    form: str
    phrase: str
    query: str
    ids: list[int]
    proposal: ProposalRecord


class FieldCounts(TypedDict):
    """The number of values of a field that a run changes."""

    changed: int
    gains: int
    losses: int


class ReparseRun(models.Model):
    """A run over selected letters in order of ID. An interrupted run continues after ``reached``, the last letter
    processed. Counts are ``{field: {"changed": n, "gains": n, "losses": n}}``: gains and losses are measured against
    values that staff set or confirmed.
    """

    selection: "models.JSONField[Selection, Selection]" = models.JSONField(
        help_text="the letters: see reparsing.letters_of"
    )
    why = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    parser_version = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.PREVIEWING)
    last_letter = models.BigIntegerField(help_text="later letters are not part of the run")
    letters = models.PositiveIntegerField(default=0, help_text="number of selected letters, counted by the preview")
    reached = models.BigIntegerField(default=0)
    previewed = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    letters_differing = models.PositiveIntegerField(default=0)
    letters_changed = models.PositiveIntegerField(default=0)
    expected: "models.JSONField[dict[str, FieldCounts], dict[str, FieldCounts]]" = models.JSONField(default=dict)
    outcome: "models.JSONField[dict[str, FieldCounts], dict[str, FieldCounts]]" = models.JSONField(default=dict)
    failed = models.PositiveIntegerField(default=0, help_text="letters that could not be read again")
    stepped_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state", "stepped_at"], name="reparse_run_state")]

    def __str__(self) -> str:
        return f"Run {self.pk}"


class ReparseExample(models.Model):
    """A changed value in a preview; a few are kept per field."""

    run = models.ForeignKey(ReparseRun, on_delete=models.CASCADE, related_name="examples")
    letter_id = models.BigIntegerField()
    path = models.CharField(max_length=120)
    field = models.CharField(max_length=40)
    kind = models.CharField(max_length=8, help_text="change, gain or loss")
    old_value = models.JSONField(null=True)
    new_value = models.JSONField(null=True)

    def __str__(self) -> str:
        return f"Example {self.pk}"
