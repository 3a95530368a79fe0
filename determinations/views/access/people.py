"""Everyone's accounts: who has access, with which role; made, invited, changed, deactivated by administrators."""

from dataclasses import dataclass
from typing import cast

from allauth.account.decorators import reauthentication_required
from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from determinations.access import accounts
from determinations.access.accounts import LastAdmin
from determinations.access.demands import roles_with_factor
from determinations.access.roles import CASE_MANAGER, ROLES, role_of
from determinations.models import Office
from determinations.tasks import send_links
from determinations.views.access.passwords import site_of
from determinations.views.requests import person_of

may_manage = permission_required("determinations.manage_people", raise_exception=True)
#: People that one page lists.
_PAGE = 50
_ROLE_CHOICES = [(role, role.capitalize()) for role in ROLES]
_LAST_ADMIN = (
    "Nothing was changed. This is the last active administrator who sees all letters: make another one first."
)


@dataclass(frozen=True, slots=True)
class Person:
    """One line of the list."""

    user: User
    role: str
    has_factor: bool


class DetailsForm(forms.Form):
    """Name, e-mail and role of an account."""

    name = forms.CharField(max_length=150, required=False)
    email = forms.EmailField(label="E-mail", max_length=254, required=False)
    role = forms.ChoiceField(choices=_ROLE_CHOICES, widget=forms.RadioSelect)
    sees = forms.ChoiceField(
        label="Letters",
        choices=[("all", "All letters"), ("offices", "Only letters of these offices:")],
        widget=forms.RadioSelect,
        initial="all",
    )
    offices = forms.ModelMultipleChoiceField(
        Office.objects.none(), required=False, label="Offices", widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: QueryDict | None = None, *, initial: dict[str, object] | None = None) -> None:
        super().__init__(data, initial=initial)
        held = [office.pk for office in cast(list[Office], self.initial.get("offices") or [])]
        offered = Office.objects.filter(active=True) | Office.objects.filter(pk__in=held)
        cast(forms.ModelMultipleChoiceField, self.fields["offices"]).queryset = offered
        if not offered and "sees" not in self.initial:
            del self.fields["sees"], self.fields["offices"]

    def clean(self) -> dict[str, object]:
        """An account that is limited is limited to something."""
        cleaned = super().clean() or {}
        if cleaned.get("sees") == "offices" and not cleaned.get("offices"):
            self.add_error("offices", "Choose at least one office.")
        return cleaned

    @property
    def limit(self) -> list[Office] | None:
        """The offices whose letters the account sees; None for all letters."""
        return list(self.cleaned_data["offices"]) if self.cleaned_data.get("sees") == "offices" else None


class NewPersonForm(DetailsForm):
    """A new account, and how its user gets in."""

    username = forms.CharField(label="User name", max_length=150, validators=[UnicodeUsernameValidator()])
    opening = forms.ChoiceField(
        label="First sign-in",
        choices=[("link", "Send an invitation by e-mail"), ("password", "Issue a password to hand over")],
        widget=forms.RadioSelect,
    )
    field_order = ("username", "name", "email", "role", "sees", "offices", "opening")

    def __init__(self, data: QueryDict | None = None, *, initial: dict[str, object] | None = None) -> None:
        super().__init__(data, initial=initial)
        if not settings.EMAIL_HOST:
            opening = cast(forms.ChoiceField, self.fields["opening"])
            opening.choices = [("password", "Issue a password to hand over")]
            self.initial["opening"] = "password"
        if not settings.LOCAL_PASSWORDS:
            del self.fields["opening"]

    def clean_username(self) -> str:
        """The name, if it is free, in any spelling."""
        username: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError("There is an account with this user name.")
        return username

    def clean(self) -> dict[str, object]:
        """An invitation needs an address."""
        cleaned = super().clean() or {}
        if cleaned.get("opening") == "link" and not cleaned.get("email") and "email" not in self.errors:
            self.add_error("email", "Enter the address for the invitation.")
        return cleaned


class PolicyForm(forms.Form):
    """The roles that need a second factor."""

    roles = forms.MultipleChoiceField(
        choices=_ROLE_CHOICES, required=False, widget=forms.CheckboxSelectMultiple, label="Needed for"
    )


@require_safe
@may_manage
def people(request: HttpRequest) -> HttpResponse:
    """Everyone with an account, by name; more are found by searching."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:100]
    found = _matching(words)
    page = list(found[: _PAGE + 1])
    factors = Authenticator.objects.filter(user__in=page).exclude(type="recovery_codes")
    with_factor = set(factors.values_list("user_id", flat=True))
    needed = roles_with_factor()
    context = {
        "people": [Person(user, role_of(user), user.pk in with_factor) for user in page[:_PAGE]],
        "more": len(page) > _PAGE,
        "words": words,
        "page_size": _PAGE,
        "policy": PolicyForm(initial={"roles": sorted(needed)}),
        "fixed_roles": settings.SECOND_FACTOR_ROLES,
    }
    return render(request, "access/people.html", context)


def _matching(words: str) -> QuerySet[User]:
    users: QuerySet[User] = User.objects.prefetch_related("groups").order_by("-is_active", "username")
    for word in words.split()[:5]:
        users = users.filter(
            Q(username__icontains=word)
            | Q(first_name__icontains=word)
            | Q(last_name__icontains=word)
            | Q(email__icontains=word)
        )
    return users


@require_http_methods(["GET", "POST"])
@may_manage
@reauthentication_required(allow_get=True)
@sensitive_variables("password")
def add_person(request: HttpRequest) -> HttpResponse:
    """Make an account."""
    form = NewPersonForm(request.POST or None, initial={"role": CASE_MANAGER, "opening": "link"})
    if request.method != "POST" or not form.is_valid():
        return render(request, "access/add_person.html", {"form": form})
    typed, by, now = form.cleaned_data, person_of(request), timezone.now()
    user = accounts.add_person(
        username=typed["username"], name=typed["name"], email=typed["email"], role=typed["role"], by=by, at=now
    )
    accounts.limit_to_offices(user, form.limit, by=by, at=now)
    messages.success(request, f"The account {user.get_username()} was added.")
    if typed.get("opening") == "password":
        password = accounts.issue_password(user, by=by, at=now)
        return render(request, "access/issued_password.html", {"person": user, "password": password}, status=201)
    if typed.get("opening") == "link":
        _say_sent(request, send_links([user.pk], site_of(request)), user)
    return redirect("person", user.pk)


def _say_sent(request: HttpRequest, sent: bool, user: User) -> None:
    if sent:
        messages.success(request, f"A link is on its way to {user.email}.")
    else:
        messages.error(request, "No link was sent: something went wrong on our end. Send it again in a few minutes.")


@require_http_methods(["GET", "POST"])
@may_manage
@reauthentication_required(allow_get=True)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One account: its details and role, and what can be done about its sign-in."""
    user = get_object_or_404(User, pk=pk)
    locked = not _may_change(user, person_of(request))
    if locked and request.method == "POST":
        raise PermissionDenied
    offices = accounts.offices_of(user)
    initial: dict[str, object] = {"name": user.get_full_name(), "email": user.email, "role": role_of(user)}
    if offices is not None:
        initial |= {"sees": "offices", "offices": offices}
    form = DetailsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        typed, by, now = form.cleaned_data, person_of(request), timezone.now()
        try:
            with transaction.atomic():
                accounts.change_role(user, typed["role"], by=by, at=now)
                if "sees" in typed:
                    accounts.limit_to_offices(user, form.limit, by=by, at=now)
        except LastAdmin:
            form.add_error("role", _LAST_ADMIN)
        else:
            accounts.change_details(user, name=typed["name"], email=typed["email"], by=by, at=now)
            messages.success(request, f"The account {user.get_username()} was saved.")
            return redirect("person", user.pk)
    factors = Authenticator.objects.filter(user=user).exclude(type="recovery_codes").order_by("pk")
    context = {
        "person": user,
        "role": role_of(user),
        "form": form,
        "factors": factors,
        "factor_needed": role_of(user) in roles_with_factor(),
        "local_passwords": settings.LOCAL_PASSWORDS,
        "sends_mail": bool(settings.EMAIL_HOST),
        "locked": locked,
        "is_self": user.pk == person_of(request).pk,
    }
    return render(request, "access/person.html", context, status=200 if not form.errors else 422)


@require_http_methods(["POST"])
@may_manage
@reauthentication_required
@sensitive_variables("password")
def act_on_person(request: HttpRequest, pk: int) -> HttpResponse:
    """Deactivate or activate an account, let its user in again, or end their sessions."""
    user, by, now = get_object_or_404(User, pk=pk), person_of(request), timezone.now()
    if not _may_change(user, by):
        raise PermissionDenied
    name = user.get_username()
    match request.POST.get("action"):
        case "deactivate" | "activate" as action:
            _set_active(request, user, action == "activate")
        case "issue" if settings.LOCAL_PASSWORDS and user != by:
            password = accounts.issue_password(user, by=by, at=now)
            return render(request, "access/issued_password.html", {"person": user, "password": password}, status=201)
        case "link" if settings.LOCAL_PASSWORDS and settings.EMAIL_HOST and user.email:
            _say_sent(request, send_links([user.pk], site_of(request)), user)
        case "reset_factor" if user != by:
            accounts.reset_factor(user, by=by, at=now)
            messages.success(request, f"{name} has no second factor now, and is signed out.")
        case "unlock":
            accounts.unlock(user, by=by, at=now)
            messages.success(request, f"{name} can try to sign in at once.")
        case "end_sessions":
            accounts.sign_out(user, by=by, at=now)
            messages.success(request, f"{name} is signed out everywhere.")
        case _:
            raise PermissionDenied
    return redirect("person", user.pk)


def _may_change(user: User, by: User) -> bool:
    """Only superusers change a superuser: whoever sets their password could do what they can."""
    return by.is_superuser or not user.is_superuser


def _set_active(request: HttpRequest, user: User, active: bool) -> None:
    try:
        accounts.set_active(user, active, by=person_of(request), at=timezone.now())
    except LastAdmin:
        messages.error(request, _LAST_ADMIN)
    else:
        name = user.get_username()
        messages.success(request, f"{name} is active again." if active else f"{name} can no longer sign in.")


@require_http_methods(["POST"])
@may_manage
@reauthentication_required
def change_policy(request: HttpRequest) -> HttpResponse:
    """Say which roles need a second factor."""
    form = PolicyForm(request.POST)
    if form.is_valid():
        accounts.set_policy(form.cleaned_data["roles"], by=person_of(request), at=timezone.now())
        messages.success(request, "The rule was saved. It asks users at their next sign-in.")
    else:
        messages.error(request, "The rule was not saved: it named an unknown role.")
    return redirect("people")
