"""Addresses of sign-in and of the user's own account. Pages of django-allauth are listed one by one."""

from allauth.account.views import logout, reauthenticate
from allauth.socialaccount.providers.openid_connect.views import callback
from django.urls import include, path
from django.views.generic import RedirectView

from determinations.views.access import passwords, profile, provider
from determinations.views.access.sign_in import SignInView

_PROFILE = RedirectView.as_view(pattern_name="profile")

urlpatterns = [
    path("login/", SignInView.as_view(), name="login"),
    path("login/", SignInView.as_view(), name="account_login"),
    path("logout/", logout, name="logout"),
    path("logout/", logout, name="account_logout"),
    path("confirm/", reauthenticate, name="account_reauthenticate"),
    path("confirm/provider/", provider.confirm_by_provider, name="confirm_by_provider"),
    path("confirmed/", provider.confirmed_by_provider, name="confirmed_by_provider"),
    path("oidc/canceled/", provider.canceled_at_provider, name="socialaccount_login_cancelled"),
    path("oidc/<str:provider_id>/login/", provider.sign_in_by_provider, name="openid_connect_login"),
    path("oidc/<str:provider_id>/login/callback/", callback, name="openid_connect_callback"),
    path("password/", passwords.change_password, name="password_change"),
    path("link/", passwords.request_password_link, name="request_password_link"),
    path("link/chosen/", passwords.password_chosen, name="password_chosen"),
    path("link/<str:uidb64>/<str:token>/", passwords.ChoosePasswordView.as_view(), name="choose_password"),
    path("set-up/", profile.set_up_factor, name="set_up_factor"),
    path("factors/", _PROFILE),
    path("factors/webauthn/", _PROFILE),
    path("factors/", include("allauth.mfa.urls")),
]
