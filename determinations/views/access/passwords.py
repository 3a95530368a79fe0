"""The user's password: changing it, and choosing a new one through a link sent by e-mail."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.contrib.auth.views import PasswordResetConfirmView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from determinations.access import accounts
from determinations.access.demands import Demand, demands, met
from determinations.access.devices import remember_device
from determinations.access.forms import ChangePasswordForm, NewPasswordForm
from determinations.access.sign_in import address_of, confirmed_recently
from determinations.tasks import send_links
from determinations.views.requests import person_of


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    """Replace the user's own password; ends all their other sessions. A password just typed is not asked again."""
    user = person_of(request)
    if not settings.LOCAL_PASSWORDS or not user.has_usable_password():
        raise PermissionDenied
    issued = Demand.PASSWORD in demands(request)
    kind = NewPasswordForm if issued and confirmed_recently(request) else ChangePasswordForm
    form = kind(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        accounts.own_password_changed(user, at=timezone.now(), address=address_of(request))
        update_session_auth_hash(request, user)
        accounts.end_sessions(user, but=request)
        met(request, Demand.PASSWORD)
        messages.success(request, "Your password was changed. You have been signed out in all other browsers.")
        return redirect("home" if issued else "profile")
    return render(request, "registration/password_change_form.html", {"form": form, "issued": issued})


class AddressForm(forms.Form):
    """An e-mail address."""

    email = forms.EmailField(label="E-mail", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"}))


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def request_password_link(request: HttpRequest) -> HttpResponse:
    """Ask for a link by e-mail. What is shown does not tell whether an account has the address."""
    if not settings.LOCAL_PASSWORDS:
        raise PermissionDenied
    form = AddressForm(request.POST or None)
    if request.method == "POST" and settings.EMAIL_HOST and form.is_valid():
        if not accounts.may_ask_for_link(form.cleaned_data["email"], address=address_of(request), at=timezone.now()):
            form.add_error(None, "Too many links were requested. Try again in an hour.")
            return render(request, "access/request_link.html", {"form": form, "sends_mail": True}, status=429)
        user_ids = accounts.users_of_email(form.cleaned_data["email"])
        sent = send_links(user_ids, site_of(request))
        return render(
            request, "access/link_sent.html", {"sent": sent, "hours": settings.PASSWORD_RESET_TIMEOUT // 3600}
        )
    return render(request, "access/request_link.html", {"form": form, "sends_mail": bool(settings.EMAIL_HOST)})


class ChoosePasswordView(PasswordResetConfirmView):
    """Choose a password through a link. It proves the e-mail address, so failed attempts of others are forgotten."""

    template_name = "access/choose_password.html"
    success_url = reverse_lazy("password_chosen")
    form_class = NewPasswordForm

    def form_valid(self, form: "SetPasswordForm[User]") -> HttpResponse:
        """Set it, end all sessions, and know the browser for this user."""
        user = form.user
        response = super().form_valid(form)
        accounts.own_password_changed(user, at=timezone.now(), address=address_of(self.request), by_link=True)
        accounts.end_sessions(user)
        remember_device(self.request, response, user)
        return response


@login_not_required
@require_safe
def password_chosen(request: HttpRequest) -> HttpResponse:
    """The password was set; the user signs in with it."""
    return render(request, "access/password_chosen.html")


def site_of(request: HttpRequest) -> str:
    """The site's address for links in e-mail: ``SITE_URL``, or the address that this request used."""
    site: str = settings.SITE_URL or request.build_absolute_uri("/").rstrip("/")
    return site
