"""Runs that read letters again with the current parser, aliases and rules: previewed, then run, pausable."""

from typing import Literal, TypedDict

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class RunState(models.TextChoices):
    """Where a run is."""

    PREVIEWING = "previewing", _("preview under way")
    PREVIEWED = "previewed", _("previewed")
    RUNNING = "running", _("running")
    PAUSED = "paused", _("paused")
    FINISHED = "finished", _("finished")
    STOPPED = "stopped", _("stopped")


#: A worker has something to do.
AT_WORK = (RunState.PREVIEWING, RunState.RUNNING)


class ProposalRecord(TypedDict):
    """What a run would put in force, see ``aliases.Proposal``."""

    kind: Literal["alias", "rule"]
    words: str
    target: int | None


class Selection(TypedDict, total=False):
    """Which letters a run reads again: ``what``, and what belongs to it (see ``reparsing.letters_of``)."""

    what: str
    code: str
    form: str
    phrase: str
    query: str
    ids: list[int]
    proposal: ProposalRecord


class FieldCounts(TypedDict):
    """Of one field, how many values a run changes."""

    changed: int
    gains: int
    losses: int


class ReparseRun(models.Model):
    """One run over chosen letters, in the order of their numbers. ``reached`` is the last letter done: a run that is
    interrupted goes on after it. Counts are ``{field: {"changed": n, "gains": n, "losses": n}}``: gains and losses
    are held against values that people set or confirmed.
    """

    selection: "models.JSONField[Selection, Selection]" = models.JSONField(
        help_text="which letters: see reparsing.letters_of"
    )
    why = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    parser_version = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.PREVIEWING)
    last_letter = models.BigIntegerField(help_text="letters that come later are not part of the run")
    letters = models.PositiveIntegerField(default=0, help_text="how many letters are chosen, counted in the preview")
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
    """One changed value of a preview, for people to look at; a few for each field."""

    run = models.ForeignKey(ReparseRun, on_delete=models.CASCADE, related_name="examples")
    letter_id = models.BigIntegerField()
    path = models.CharField(max_length=120)
    field = models.CharField(max_length=40)
    kind = models.CharField(max_length=8, help_text="change, gain or loss")
    old_value = models.JSONField(null=True)
    new_value = models.JSONField(null=True)

    def __str__(self) -> str:
        return f"Example {self.pk}"
