"""Errors as problem details (RFC 9457): what went wrong, and what to do next, in JSON."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from django.http import JsonResponse

CONTENT_TYPE = "application/problem+json"
#: What an error means unless its cause says more.
_DETAILS = {
    400: "The request could not be read. Check its address, headers and body.",
    401: "Send a valid access token in the header “Authorization: Bearer …”. Users make tokens under Access tokens.",
    403: "The account of this token may not do this.",
    404: "There is nothing at this address that the account of this token may see.",
    405: "This address does not accept this method. The header “Allow” lists those that it does.",
    406: "The answer is JSON, which the request does not accept.",
    413: "The body of this request is too large. Nothing was received.",
    429: "The token has made its requests for this minute. Try again after the seconds in “Retry-After”.",
    500: "Something went wrong on our end. Nothing was changed unless an answer said so. Report the X-Request-ID.",
    503: "This could not be done now and nothing was changed. Try again after the seconds in “Retry-After”.",
}


class Problem(Exception):
    """Nothing was done; the answer says why. ``errors`` are (where, what) pairs."""

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        errors: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status, self.detail, self.errors, self.headers = status, detail, errors, headers
        super().__init__(detail)


def problem_response(
    status: int,
    detail: str = "",
    *,
    errors: Sequence[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> JsonResponse:
    """The response to a request that failed."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail or _DETAILS.get(status, ""),
    }
    if errors:
        body["errors"] = [{"where": where, "what": what} for where, what in errors]
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE, headers=dict(headers or {}))
