"""Addresses: sign-in, the administration, and everything else from `determinations.urls`."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from imrsite.health import health

urlpatterns = [
    path("health/", health, name="health"),
    path("accounts/login/", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", auth.LogoutView.as_view(), name="logout"),
    path("accounts/password/", auth.PasswordChangeView.as_view(), name="password_change"),
    path("accounts/password/done/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path(settings.ADMIN_PATH, include("determinations.admin.urls")),
    path(settings.ADMIN_PATH, admin.site.urls),
    path("", include("determinations.urls")),
]
