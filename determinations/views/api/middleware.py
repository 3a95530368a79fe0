"""Middleware of the API: who asks, how often, and errors in its own form."""

from collections.abc import Callable

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response, set_response_etag

from determinations.access.sign_in import address_of
from determinations.api.rates import count_request
from determinations.api.tokens import find_token
from determinations.views.api.problems import CONTENT_TYPE, problem_response
from imrsite.serving.body_limits import API_PATH, bearer_token

Answer = Callable[[HttpRequest], HttpResponse]
_READS = ("GET", "HEAD", "OPTIONS")
#: Headers of an error that its problem keeps.
_KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")


def answer_with_problems(get_response: Answer) -> Answer:
    """Every error of an address of the API becomes a problem, whatever made it."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not request.path.startswith(API_PATH) or not _is_other_error(response):
            return response
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        return problem_response(response.status_code, headers=headers)

    return answer


def _is_other_error(response: HttpResponseBase) -> bool:
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    return response.status_code >= 400 and kind != CONTENT_TYPE


def sign_in_by_token(get_response: Answer) -> Answer:
    """Requests of the API act as the user of their token. A browser's session may read, so that addresses open in it.

    It never writes: the API checks no CSRF tokens, because a token is sent by programs alone.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(API_PATH):
            return get_response(request)
        text = bearer_token(request.headers.get("Authorization", ""))
        if not text:
            return _by_session(request) or _unless_known(request, get_response(request))
        token = find_token(text, address=address_of(request), now=timezone.now())
        if token is None:
            return _unauthorized("This access token is not valid: it was revoked, has expired, or never existed.")
        rate = count_request(token.pk)
        if rate is not None and rate.is_spent:
            headers = {**rate.headers(), "Retry-After": f"{rate.seconds}"}
            return problem_response(429, headers=headers)
        request.user, request.api_token = token.user, token  # type: ignore[attr-defined] # read by token_of
        response = _unless_known(request, get_response(request))
        for name, value in (rate.headers() if rate else {}).items():
            response.headers[name] = value
        return response

    return answer


def _by_session(request: HttpRequest) -> JsonResponse | None:
    """The refusal of a request without a token; None for a signed-in user who reads."""
    if not isinstance(request.user, User) or not request.user.is_active:
        return _unauthorized()
    if request.method not in _READS:
        return _unauthorized("A browser's session may only read through the API. Send an access token to write.")
    return None


def _unless_known(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer with its ETag; status 304 without a body if the client has the same answer already."""
    if request.method not in ("GET", "HEAD") or response.streaming or response.status_code != 200:
        return response
    set_response_etag(response)
    return get_conditional_response(request, etag=response["ETag"], response=response) or response


def _unauthorized(detail: str = "") -> JsonResponse:
    return problem_response(401, detail, headers={"WWW-Authenticate": 'Bearer realm="imrsite"'})
