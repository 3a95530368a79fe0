"""Sign-in: what belongs to an account besides Django's user, failed attempts, and who needs a second factor."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Account(models.Model):
    """What imrsite keeps about a user besides Django's own columns. A user without a row has the defaults."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="account"
    )
    password_issued = models.BooleanField(
        default=False, help_text="the password was set by an administrator; the user replaces it at the next sign-in"
    )
    office_ids = ArrayField(
        models.SmallIntegerField(), null=True, help_text="the account sees letters of these offices only; null: all"
    )

    class Meta:
        permissions = [("manage_people", "Can manage accounts and roles")]

    def __str__(self) -> str:
        return f"Account {self.pk}"


class LimitKind(models.TextChoices):
    """What failed sign-ins are counted by."""

    NAME = "name", _("user name")
    PAIR = "pair", _("user name at an address")
    DEVICE = "device", _("user on a known device")
    ADDRESS = "address", _("address")
    OVERALL = "overall", _("all addresses")
    CODE = "code", _("second factor of a user")
    LINK = "link", _("links by e-mail")


class SignInLimit(models.Model):
    """Failed attempts of one name, device or address, and when its next attempt counts. Holds no typed name."""

    key = models.CharField(max_length=64, primary_key=True, help_text="keyed digest of the kind and its value")
    kind = models.CharField(max_length=8, choices=LimitKind.choices)
    owner = models.CharField(max_length=64, blank=True, db_index=True, help_text="keyed digest of the user name")
    failures = models.FloatField(default=0, help_text="recent failures; old ones fade")
    counted_at = models.DateTimeField(db_index=True)
    next_attempt_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.kind} limit"


class SignInPolicy(models.Model):
    """One row: rules of sign-in that administrators set."""

    second_factor_roles = ArrayField(
        models.CharField(max_length=20), default=list, blank=True, help_text="roles that need a second factor"
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="sign_in_policy_one_row")]

    def __str__(self) -> str:
        return "Sign-in policy"
