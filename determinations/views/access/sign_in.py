"""The sign-in page, and sign-out."""

from allauth.account.views import LoginView
from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from determinations.access.forms import SignInForm
from determinations.access.sign_in import AttemptsWait


class SignInView(LoginView):
    """Asks for name and password, and offers passkeys and single sign-on where they are set up."""

    form_class = SignInForm
    template_name = "registration/login.html"

    def form_invalid(self, form: SignInForm) -> HttpResponse:
        """The form again, with what is wrong; status 429 while attempts do not count."""
        response: HttpResponse = super().form_invalid(form)
        waits = [error for error in form.non_field_errors().as_data() if isinstance(error, AttemptsWait)]
        if waits:
            response.status_code = 429
            response.headers["Retry-After"] = str(waits[0].seconds)
        return response

    def get_context_data(self, **details: object) -> dict[str, object]:
        """Ways to sign in, and where to go afterwards."""
        context: dict[str, object] = super().get_context_data(**details)
        after = str(context["redirect_field_value"] or "")
        return context | {
            "next": after,
            "after": f"?{urlencode({'next': after})}" if after else "",
            "local_passwords": settings.LOCAL_PASSWORDS,
            "can_reset": settings.LOCAL_PASSWORDS and bool(settings.EMAIL_HOST),
            "provider_url": _provider_url(),
            "provider_name": settings.OIDC_NAME,
        }


def _provider_url() -> str:
    return reverse("openid_connect_login", args=[settings.OIDC_ID]) if settings.OIDC_SERVER else ""
