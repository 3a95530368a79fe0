"""Responses to requests that cannot be read: what was wrong with them, and what to do."""

import logging
from collections.abc import Callable

import psycopg
from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import DataError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.views.defaults import page_not_found

from imrsite.logs import shown_path

Answer = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger(__name__)
#: PostgreSQL's errors about a value that it cannot take: too long, not of its type, not text.
_NOT_STORABLE = ("22001", "22003", "22007", "22008", "22021", "22P02", "22P05")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The response with status 400; a script that sends files gets JSON."""
    reason = _reason(exception)
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"error": reason}, status=400)
    return render(request, "400.html", {"reason": reason}, status=400)


def _reason(exception: Exception) -> str:
    match exception:
        case TooManyFilesSent():
            most = settings.DATA_UPLOAD_MAX_NUMBER_FILES
            return f"An upload may have up to {most:,} files at a time. None of them was received: send fewer at once."
        case TooManyFieldsSent():
            return "The form has more fields than can be read at once. Save a part of it first."
        case RequestDataTooBig():
            return f"A form may have up to {settings.FORM_BYTES // 1024**2} MB of text."
        case MultiPartParserError() if "header size" in str(exception):
            return "A file name in this upload is too long to be read. Shorten it and send the file again."
        case MultiPartParserError():
            return "The upload was cut short or damaged on its way. None of its files was received: send them again."
    return "The address or the form contains something we couldn't read."


class UnreadableRequests:
    """Answers addresses with characters that no address has, and values that the database cannot store or compare."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path:
            return page_not_found(request, BadRequest("no such address"))
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Respond to a value that cannot be stored; ignore other exceptions."""
        cause = exception.__cause__
        of_value = isinstance(exception, DataError) and getattr(cause, "sqlstate", None) in _NOT_STORABLE
        of_nul = isinstance(cause or exception, psycopg.DataError | ValueError) and "NUL" in str(exception)
        if not (of_value or of_nul):
            return None
        log.warning("A value could not be stored or compared: %s", shown_path(request.path))
        return bad_request(request, exception)
