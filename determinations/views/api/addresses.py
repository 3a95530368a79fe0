"""The API's addresses: its routers, its document, and how failures become problems."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from ninja import Router
from ninja.errors import ValidationError

from determinations.intake.store_health import StoreUnavailable
from determinations.storage.places import StoreFault
from determinations.views.api import (
    audit_trail,
    cases,
    changes,
    duties,
    exports,
    letters,
    reference,
    searching,
    statistics,
    work,
)
from determinations.views.api.document import AccessToken, Api
from determinations.views.api.problems import Problem, problem_response

ROUTERS: tuple[Router, ...] = (
    letters.router, cases.router, changes.router, searching.router, duties.router, work.router, statistics.router,
    exports.router, reference.router, audit_trail.router,
)  # fmt: skip

api = Api(
    title="imrsite",
    version="1",
    urls_namespace="api",
    openapi_url=None,
    docs_url=None,
    auth=AccessToken(),
    description="Determination letters, cases and statistics, with the filters and permissions of the pages.",
)
for router in ROUTERS:
    api.add_router("", router)


@api.exception_handler(Problem)
def _of_problem(request: HttpRequest, problem: Problem) -> HttpResponse:
    return problem_response(problem.status, problem.detail, errors=problem.errors, headers=problem.headers)


@api.exception_handler(StoreFault)
@api.exception_handler(StoreUnavailable)
def _of_store(request: HttpRequest, fault: Exception) -> HttpResponse:
    detail = "Stored files cannot be reached now. Nothing in the storage was lost. Try again in a minute."
    return problem_response(503, detail, headers={"Retry-After": "60"})


@api.exception_handler(Http404)
def _of_nothing(request: HttpRequest, fault: Http404) -> HttpResponse:
    return problem_response(404)


@api.exception_handler(ValidationError)
def _of_values(request: HttpRequest, fault: ValidationError) -> HttpResponse:
    """What was wrong with each value, without the value."""
    errors = [(".".join(str(part) for part in error["loc"]), str(error["msg"])) for error in fault.errors]
    return problem_response(422, "Some values are not valid.", errors=errors[:20])


@require_safe
def openapi_document(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document."""
    return JsonResponse(api.document)
