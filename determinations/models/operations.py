"""What operators of the installation are told: alarms, and backups that were made."""

from django.db import models


class Alarm(models.Model):
    """Something that keeps the installation from working, from when it was first seen until it was over."""

    code = models.CharField(max_length=40, help_text="the check that fails")
    since = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="when the check failed last")
    raised_at = models.DateTimeField(null=True, help_text="when it had lasted long enough to be told")
    resolved_at = models.DateTimeField(null=True)
    what = models.CharField(max_length=500, help_text="no letter text")
    remedy = models.CharField(max_length=500)
    mailed_at = models.DateTimeField(null=True)
    end_mailed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code"], name="alarm_open_once", condition=models.Q(resolved_at=None)),
        ]
        indexes = [models.Index(fields=["code", "-since"], name="alarm_code")]
        permissions = [("see_operations", "Can see the state of the installation, and its alarms")]

    def __str__(self) -> str:
        return f"Alarm {self.code}"


class BackupRecord(models.Model):
    """A backup that ``manage.py backup`` made or tried to make."""

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    succeeded = models.BooleanField(default=False)
    name = models.CharField(max_length=40, blank=True, help_text="its folder")
    files = models.PositiveBigIntegerField(default=0, help_text="files of letters in it")
    new_files = models.PositiveBigIntegerField(default=0, help_text="of these, not in an earlier backup")
    size = models.PositiveBigIntegerField(default=0, help_text="bytes that were written")
    encrypted = models.BooleanField(default=False)
    message = models.CharField(max_length=500, blank=True, help_text="why it failed, or what is wrong with it")

    class Meta:
        indexes = [models.Index(fields=["-started_at"], name="backup_newest")]

    def __str__(self) -> str:
        return f"Backup {self.name}"
