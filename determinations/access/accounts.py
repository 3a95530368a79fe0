"""Changes of accounts: made, invited, given a role, deactivated, their factors reset. Each is recorded."""

from collections.abc import Collection
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest

from determinations.access import throttle
from determinations.access.audit import record
from determinations.access.passwords import issued_password
from determinations.access.roles import ADMIN, forget_role, role_of
from determinations.access.scope import EVERYTHING, within
from determinations.access.throttle import Wait, limit
from determinations.models import Account, LimitKind, Office, SignInPolicy

#: One e-mail address rarely has more accounts than this.
_MOST_OF_ONE_ADDRESS = 5


class LastAdmin(Exception):
    """The change would leave no active administrator."""


@transaction.atomic
def add_person(*, username: str, name: str, email: str, role: str, by: User, at: datetime) -> User:
    """Make an account that nobody can sign in to yet: a link or an issued password opens it."""
    user = User(username=username, email=email)
    _set_name(user, name)
    user.set_unusable_password()
    user.is_staff = role == ADMIN
    user.save()
    Account.objects.create(user=user)
    user.groups.set(Group.objects.filter(name=role))
    record("person.added", by=by, at=at, person=username, role=role)
    return user


def person_came(user: User, *, role: str, at: datetime) -> None:
    """A new account was made at the first single sign-on: give it its role."""
    user.is_staff = role == ADMIN
    user.save(update_fields=["is_staff"])
    Account.objects.create(user=user)
    user.groups.set(Group.objects.filter(name=role))
    record("person.added", by=user, at=at, person=user.get_username(), role=role, source="single sign-on")


def _set_name(user: User, name: str) -> None:
    user.first_name, _, user.last_name = (part[:150] for part in name.strip().rpartition(" "))
    if not user.first_name:
        user.first_name, user.last_name = user.last_name, ""


@transaction.atomic
def change_details(user: User, *, name: str, email: str, by: User, at: datetime) -> None:
    """Change name and e-mail address."""
    changed = [
        what for what, old, new in (("name", user.get_full_name(), name), ("email", user.email, email)) if old != new
    ]
    if not changed:
        return
    _set_name(user, name)
    user.email = email
    with within(EVERYTHING):  # views of offices show names, and take none
        user.save(update_fields=["first_name", "last_name", "email"])
    record("person.changed", by=by, at=at, person=user.get_username(), changed=changed)


@transaction.atomic
def change_role(user: User, role: str, *, by: User, at: datetime, source: str = "accounts page") -> None:
    """Give the user this one role; empty for none. Raises ``LastAdmin``."""
    before = role_of(user)
    if before == role and user.groups.count() <= 1:
        return
    if role != ADMIN:
        _keep_an_admin(user)
    user.is_superuser = False
    user.is_staff = role == ADMIN
    user.save(update_fields=["is_superuser", "is_staff"])
    user.groups.set(Group.objects.filter(name=role))
    forget_role(user)
    record("role.changed", by=by, at=at, person=user.get_username(), before=before, after=role, source=source)


@transaction.atomic
def set_active(user: User, active: bool, *, by: User, at: datetime) -> None:
    """Let the user sign in, or no longer; then their sessions end. Raises ``LastAdmin``."""
    if user.is_active == active:
        return
    if not active:
        _keep_an_admin(user)
        end_sessions(user)
    user.is_active = active
    user.save(update_fields=["is_active"])
    record("person.activated" if active else "person.deactivated", by=by, at=at, person=user.get_username())


def offices_of(user: User) -> list[Office] | None:
    """The offices that the account is limited to; None for an account without a limit."""
    account = Account.objects.filter(user=user).first()
    if account is None or account.office_ids is None:
        return None
    return list(Office.objects.filter(pk__in=account.office_ids))


@transaction.atomic
def limit_to_offices(user: User, offices: Collection[Office] | None, *, by: User, at: datetime) -> None:
    """Let the user see letters of these offices only, or of all (None), from the next request on.

    Raises ``LastAdmin``.
    """
    if offices is not None:
        _keep_an_admin(user)
    account, _ = Account.objects.select_for_update().get_or_create(user=user)
    before, after = account.office_ids, None if offices is None else sorted(office.pk for office in offices)
    if before == after:
        return
    account.office_ids = after
    account.save(update_fields=["office_ids"])
    names = dict(Office.objects.values_list("pk", "name"))
    old, new = (None if ids is None else [names[pk] for pk in ids if pk in names] for ids in (before, after))
    record("person.limited", by=by, at=at, person=user.get_username(), before=old, after=new)


def _keep_an_admin(user: User) -> None:
    """Raise ``LastAdmin`` unless another active administrator remains who sees all letters, as is needed to manage
    accounts. Locks, so that two cannot remove each other."""
    list(Group.objects.select_for_update().filter(name=ADMIN))
    others = User.objects.filter(Q(groups__name=ADMIN) | Q(is_superuser=True), is_active=True).exclude(pk=user.pk)
    others = others.filter(Q(account=None) | Q(account__office_ids=None))
    if role_of(user) == ADMIN and user.is_active and not others.exists():
        raise LastAdmin


@transaction.atomic
def issue_password(user: User, *, by: User, at: datetime) -> str:
    """Set a random password, to be handed over and replaced at the next sign-in; returns it. Ends all sessions."""
    password = issued_password()
    user.set_password(password)
    user.save(update_fields=["password"])
    Account.objects.update_or_create(user=user, defaults={"password_issued": True})
    end_sessions(user)
    record("password.issued", by=by, at=at, person=user.get_username())
    return password


@transaction.atomic
def own_password_changed(user: User, *, at: datetime, address: str, by_link: bool = False) -> None:
    """Record that a user chose a password. One chosen through a link proves who it is, so failures are forgotten."""
    Account.objects.update_or_create(user=user, defaults={"password_issued": False})
    if by_link:
        throttle.forget(user.get_username())
    record("password.chosen_by_link" if by_link else "password.changed", by=user, at=at, address=address)


@transaction.atomic
def reset_factor(user: User, *, by: User | None, at: datetime) -> int:
    """Remove all factors of a user who lost them; returns how many. Their sessions end."""
    removed = Authenticator.objects.filter(user=user).exclude(type="recovery_codes").count()
    Authenticator.objects.filter(user=user).delete()
    end_sessions(user)
    record("factor.reset", by=by, at=at, person=user.get_username(), removed=removed)
    return removed


def unlock(user: User, *, by: User | None, at: datetime) -> None:
    """Forget the failed attempts that delay this user's sign-in."""
    name = user.get_username()
    record("person.unlocked", by=by, at=at, person=name, limits=throttle.forget(name))


@transaction.atomic
def set_policy(roles: list[str], *, by: User, at: datetime) -> None:
    """Say which roles need a second factor. Sessions of users who have none yet end, so that they set one up."""
    policy, _ = SignInPolicy.objects.select_for_update().get_or_create(pk=1)
    before = list(policy.second_factor_roles)
    policy.second_factor_roles = roles
    policy.save()
    without = User.objects.filter(groups__name__in=set(roles) - set(before)).exclude(authenticator__isnull=False)
    for user in without.exclude(pk=by.pk).distinct():
        end_sessions(user)
    record("policy.changed", by=by, at=at, before=before, after=roles)


@transaction.atomic
def sign_out(user: User, *, by: User, at: datetime) -> None:
    """End all sessions of another user."""
    record("session.ended", by=by, at=at, person=user.get_username(), sessions=end_sessions(user))


def end_sessions(user: User, *, but: HttpRequest | None = None) -> int:
    """End the user's sessions, all or all but that of a request; returns how many."""
    kept = but.session.session_key if but is not None else None
    sessions = list(UserSession.objects.filter(user=user).exclude(session_key=kept))
    for session in sessions:
        session.end()
    return len(sessions)


def delete_ended_sessions(*, now: datetime) -> int:
    """Delete sessions that have ended, and where they were; returns how many."""
    UserSession.objects.filter(last_seen_at__lt=now - timedelta(hours=settings.SESSION_HOURS + 1)).delete()
    return Session.objects.filter(expire_date__lt=now).delete()[0]


def users_of_email(email: str) -> list[int]:
    """Active users who may get a link at this address: those with a password, or who never signed in."""
    users = User.objects.filter(email__iexact=email, is_active=True).order_by("pk")[:_MOST_OF_ONE_ADDRESS]
    return [user.pk for user in users if user.has_usable_password() or user.last_login is None]


def may_ask_for_link(email: str, *, address: str, at: datetime) -> bool:
    """Whether another link may be sent to this e-mail address, or asked for from this network address, now."""
    limits = [limit(LimitKind.LINK, f"to {email.lower()}"), limit(LimitKind.LINK, f"from {address}")]
    return not isinstance(throttle.begin(limits, now=at), Wait)
