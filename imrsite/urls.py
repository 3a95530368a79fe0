"""Addresses: sign-in, the administration, and everything else from `determinations.urls`."""

from allauth.account.decorators import secure_admin_login
from allauth.account.views import logout
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.generic import RedirectView

from determinations.views.operations import probes

handler400 = "imrsite.errors.bad_request"

urlpatterns = [
    path("health/", probes.health, name="health"),
    path("health/live", probes.live, name="live"),
    path("health/ready", probes.ready, name="ready"),
    path("metrics", probes.read_metrics, name="metrics"),
    path("accounts/", include("determinations.views.access.urls")),
    # One way to sign in: with limits, second factor and record.
    path(f"{settings.ADMIN_PATH}login/", login_not_required(secure_admin_login(admin.site.login))),
    path(f"{settings.ADMIN_PATH}logout/", logout),
    path(f"{settings.ADMIN_PATH}password_change/", RedirectView.as_view(pattern_name="password_change")),
    path(settings.ADMIN_PATH, include("determinations.admin.urls")),
    path(settings.ADMIN_PATH, admin.site.urls),
    path("", include("determinations.urls")),
]
