"""Every failure under /api/ is a problem, whatever answers it."""

from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client

from determinations.views.api import reference
from imrsite.serving.connections import Request
from tests.api.conftest import Caller
from tests.fixtures.people import People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


def _is_problem(answer: Any, status: int) -> bool:
    body = answer.json()
    assert answer.status_code == status == body["status"], answer.content
    return bool(answer.headers["Content-Type"] == "application/problem+json" and body["title"] and body["detail"])


def test_failures_are_problems(people: People, bearer: Caller, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    token = bearer(people.casemanager)
    assert _is_problem(Client().get("/api/v1/cases"), 401)
    assert _is_problem(token.get("/api/v1/nothing"), 404)
    assert _is_problem(token.get("/api/nothing/"), 404)
    wrong_method = token.delete("/api/v1/cases")
    assert _is_problem(wrong_method, 405)
    assert "GET" in wrong_method.headers["Allow"]
    assert _is_problem(token.get("/api/v1/audit"), 403)
    assert _is_problem(token.generic("POST", "/api/v1/exports", "{", "application/json"), 400)
    assert _is_problem(token.write("POST", "/api/v1/exports", {"list": "people"}), 422)
    assert _is_problem(token.get("/api/v1/cases?q=%00"), 422)
    settings.FORM_BYTES = 70_000
    assert _is_problem(token.write("POST", "/api/v1/exports", {"query": "x" * 80_000}), 413)

    def fails() -> None:
        raise DatabaseError("synthetic fault")

    monkeypatch.setattr(reference, "read_labels", fails)
    failed = token.get("/api/v1/authorities")
    assert _is_problem(failed, 500)
    assert "synthetic fault" not in failed.content.decode()


def test_errors_do_not_repeat_what_was_sent(people: People, bearer: Caller) -> None:
    answer = bearer(people.casemanager).write("POST", "/api/v1/exports", {"list": "a secret list", "format": "csv"})
    assert answer.status_code == 422
    assert "secret" not in answer.content.decode()


def test_the_web_server_refuses_large_bodies_of_the_api_in_its_form(people: People, bearer: Caller) -> None:
    token = bearer(people.casemanager).text

    def answer(authorization: str, length: int) -> Request:
        from waitress.adjustments import Adjustments

        request = Request(Adjustments())
        head = f"POST /api/v1/letters HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{authorization}\r\n"
        request.received(head.encode())
        return request

    assert not answer(f"Authorization: Bearer {token}\r\n", 100_000_000).refused
    refused = answer("Authorization: Bearer imr_invented\r\n", 100_000_000)
    assert refused.refused
    _status, headers, body = refused.error.to_response()
    assert ("Content-Type", "application/problem+json") in headers
    assert b'"status": 413' in body
