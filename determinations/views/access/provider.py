"""Ways to the identity provider and back."""

import logging

from allauth.account.internal.flows.reauthentication import resume_request
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.openid_connect import views
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe
from requests import RequestException

from determinations.access.single_sign_on import CONFIRMATION

log = logging.getLogger(__name__)


@login_not_required
@require_safe
def sign_in_by_provider(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Lead to the provider. Only where to go afterwards comes from the address: nothing of what is asked there."""
    chosen = QueryDict(mutable=True)
    if "next" in request.GET:
        chosen["next"] = request.GET["next"]
    request.GET = chosen  # type: ignore[assignment] # the stubs know an immutable one
    try:
        response: HttpResponse = views.login(request, provider_id)
    except RequestException as fault:
        return _away(request, fault)
    return response


@require_safe
def confirm_by_provider(request: HttpRequest) -> HttpResponse:
    """Lead the signed-in user to the provider, which asks who it is in any case; then back to what they were doing."""
    if not settings.OIDC_SERVER:
        raise Http404
    provider = get_adapter(request).get_provider(request, provider=settings.OIDC_ID)
    after = f"{reverse('confirmed_by_provider')}?{urlencode({'next': request.GET.get('next', '/')})}"
    asked = {"prompt": "login", "max_age": "0"}
    try:
        response: HttpResponse = provider.redirect(
            request, process=AuthProcess.REDIRECT, next_url=after, data=CONFIRMATION, auth_params=asked
        )
    except RequestException as fault:
        return _away(request, fault)
    return response


@require_safe
def confirmed_by_provider(request: HttpRequest) -> HttpResponse:
    """Go on with what the user was doing."""
    response: HttpResponse | None = resume_request(request)
    return response or redirect("home")


@login_not_required
@require_safe
def canceled_at_provider(request: HttpRequest) -> HttpResponse:
    """The user turned back at the provider."""
    messages.info(request, "Nothing was changed. You can try again, or sign in another way.")
    return redirect("login")


def _away(request: HttpRequest, fault: RequestException) -> HttpResponse:
    log.error("The identity provider does not answer: %s", type(fault).__name__)
    reason = f"{settings.OIDC_NAME} does not answer. Nothing was changed. Try again in a few minutes."
    return render(request, "access/refused.html", {"reason": reason}, status=502)
