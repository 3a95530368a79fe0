"""Answers pages that only read from the replica, and notes what users write."""

from collections.abc import Callable, Mapping, Sequence

from django.contrib.auth.models import User
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from psycopg.errors import QueryCanceled

from determinations.replica.looking import look
from determinations.replica.own_writes import note_writes
from determinations.replica.reading import note_failure, read_there
from imrsite.connections import REPLICA, is_configured
from imrsite.middleware import Busy

#: Views of lists, search and statistics, which read many rows and change none. What they record goes to the primary.
READS = frozenset({
    "case_list", "item_list", "decision_list", "list_facets", "search", "search_suggestions", "similar_request_list",
    "similar_to_text",
    "statistics", "statistics_changes", "statistics_export", "breakdowns", "statistic", "statistic_export", "grounds",
    "grounds_export", "ground_sentences", "grounds_documentation", "cited_sections", "treatments",
    "treatment_quantities", "treatment", "statistics_compare", "compare_with", "compare_side", "compare_table",
    "statistics_report", "report_part", "timeliness", "timeliness_export", "quality", "quality_export",
    "citations", "citation_editions", "editions_export", "authority_editions", "citation_parts", "citation_authority",
    "authority_export",
    "api:api_cases", "api:api_items", "api:api_citations", "api:api_search",
    "api:api_statistics", "api:api_statistic",
})  # fmt: skip
#: A page says so if what it shows is older than this, in seconds.
SAID_FROM = 5.0
#: The header that says how far the replica was behind that answered, in seconds.
HEADER = "X-Replica-Lag"
_SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")


class ReadFromReplica:
    """The last of the middleware: whoever asks has been identified and limited to their scope."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_configured(REPLICA) or request.method in _SAFE:
            return self.get_response(request)
        try:
            return self.get_response(request)
        finally:
            if isinstance(request.user, User):
                note_writes([request.user.pk])

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: Sequence[object],
        kwargs: Mapping[str, object],
    ) -> HttpResponseBase | None:
        """The response of the replica; None if the primary has to answer, also if anything went wrong."""
        match = request.resolver_match
        reads = match is not None and match.view_name in READS and request.method in ("GET", "HEAD")
        if not is_configured(REPLICA) or not reads or not isinstance(request.user, User):
            return None
        state = look(request.user.pk)
        if not state.serves or state.lag is None:
            return None
        request.replica_lag = state.lag  # type: ignore[attr-defined] # read by lag_of
        try:
            response = read_there(lambda: view(request, *args, **kwargs))
        except Exception as fault:
            # The primary answers instead: with the page, or with the same refusal.
            request.replica_lag = None  # type: ignore[attr-defined] # read by lag_of
            if isinstance(fault.__cause__, QueryCanceled):
                return Busy(self.get_response).process_exception(request, fault)
            if isinstance(fault, (DatabaseError, InterfaceError)):
                note_failure(fault)
            return None
        response.headers[HEADER] = f"{state.lag:.1f}"
        return response


def lag_of(request: HttpRequest) -> float | None:
    """How many seconds the replica is behind that answers the request; None if the primary answers."""
    lag: float | None = getattr(request, "replica_lag", None)
    return lag
