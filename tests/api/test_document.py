"""The OpenAPI document: complete, and true for whatever it allows (tried by schemathesis)."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, given, settings

from determinations.intake.receiving import receive_files
from determinations.intake.store_health import check_store
from determinations.models import CaseNote, Duty, Export
from determinations.views.api.addresses import api
from determinations.views.api.document import operations_of
from imrsite.wsgi import application
from tests.api.conftest import Caller
from tests.corrections.letters import citation, document, item, stored_letter
from tests.duties.conftest import Store
from tests.fixtures.people import People

#: Requests of each kind for each operation; a hunt by hand takes thousands.
EXAMPLES = 2
#: Cursors are made by answers: a schema cannot tell which are valid.
_NOT_IN_SCHEMA = {"after", "before"}
#: Filters are lists: one value of another type is a list of one text, once it is in an address.
_FILTERED = {"/api/v1/cases", "/api/v1/items", "/api/v1/citations", "/api/v1/statistics/{key}"}
#: What names offices, batches, filters, actions or cursors: neither can a schema tell which of these exist.
_OF_OTHER_ROWS = {
    ("POST", "/api/v1/letters"),
    ("POST", "/api/v1/exports"),
    ("GET", "/api/v1/audit"),
    ("GET", "/api/v1/changes"),
}

#: What may be refused for the state of a row, or by a rule that no schema tells: a day to come, a user of no role.
_OF_OTHER_STATES = {
    ("GET", "/api/v1/letters/{letter_id}/original"),
    ("GET", "/api/v1/exports/{export_id}/file"),
    ("POST", "/api/v1/duties/{duty_id}/closing"),
    ("DELETE", "/api/v1/duties/{duty_id}/closing"),
    ("PUT", "/api/v1/duties/{duty_id}/assignee"),
    ("PUT", "/api/v1/cases/{case_id}/receipt"),
    ("PATCH", "/api/v1/cases/{case_id}/work"),
    ("PATCH", "/api/v1/cases/{case_id}/fields"),
    ("PATCH", "/api/v1/notes/{note_id}"),
    ("POST", "/api/v1/cases/{case_id}/notes"),
}


def test_every_operation_says_what_it_needs_and_how_it_fails() -> None:
    assert api.document["openapi"].startswith("3.1")
    operations = list(operations_of(api.document))
    assert len(operations) > 35
    for path, method, operation in operations:
        assert "Needs the scope `" in operation["description"], (method, path)
        assert operation["security"], (method, path)
        assert {"401", "403", "404", "422", "429", "500"} <= operation["responses"].keys(), (method, path)
        assert operation["tags"], (method, path)
    names = [operation["operationId"] for _path, _method, operation in operations]
    assert len(names) == len(set(names))


def test_filters_are_documented() -> None:
    parameters = {one["name"]: one for one in api.document["paths"]["/api/v1/items"]["get"]["parameters"]}
    assert {"decided_from", "reviewer_authority", "q", "after", "sort", "limit", "field_1"} <= parameters.keys()
    assert parameters["decided_from"]["schema"] == {"type": "string", "format": "date"}


def _strategies(mode: str) -> Iterator[Any]:
    import schemathesis  # only here: the other processes of a run need not load it
    from schemathesis.core.result import Ok

    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(api.document)))
    schema.app = application
    schema.config.analysis.constants.enabled = False  # looked for in all of the program, for two requests each
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        yield found.ok().as_strategy(generation_mode=schemathesis.GenerationMode(mode))


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Requests share the connection of the test, as those of Django's test client do."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def existing(people: People, store: Store) -> dict[str, object]:
    """What the names in addresses stand for, where there is something."""
    check_store()  # while there are no letters, it is tied to the database
    stored_letter(
        document(item("Knee brace", "overturned", claims=[citation("mtus/shoulder", "2004")]), item("Walker")),
        text="Synthetic letter. " * 9,
    )
    now, pk = timezone.now(), store(1, {"One synthetic knee brace": "Overturned"})
    upload = receive_files(by=people.admin, files=[ContentFile(b"Synthetic letter. " * 9, name="letter.txt")])
    note = CaseNote.objects.create(letter_id=pk, by=people.admin, at=now, text="A note.", mentioned=[])
    export = Export.objects.create(list_name="cases", query="", format="csv", by=people.admin, requested_at=now)
    return {
        "case_id": pk, "letter_id": pk, "number": 1, "upload_id": upload.pk, "note_id": note.pk, "key": "category",
        "export_id": export.pk, "duty_id": Duty.objects.get(letter=pk).pk,
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.usefixtures("broker", "one_connection")
@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.slow
def test_every_answer_is_as_documented(people: People, bearer: Caller, mode: str, existing: dict[str, object]) -> None:
    """Valid requests are for rows that exist, so that answers are seen and not only that there is nothing."""
    from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance  # as above

    token, statuses = bearer(people.admin), defaultdict[tuple[str, str], set[int]](set)
    headers = {"Authorization": f"Bearer {token.text}", "Accept-Encoding": "identity"}
    for strategy in _strategies(mode):

        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(case=strategy)
        def try_it(case: Any) -> None:
            excluded = [positive_data_acceptance] if _NOT_IN_SCHEMA & set(case.query or ()) else []
            if (case.method, case.path) in _OF_OTHER_ROWS | _OF_OTHER_STATES:
                excluded = [positive_data_acceptance]
            if case.path in _FILTERED:
                excluded = [*excluded, negative_data_rejection]
            if mode == "positive":
                case.path_parameters = {name: existing[name] for name in case.path_parameters or ()}
            response = case.call_and_validate(headers=headers, excluded_checks=excluded)
            statuses[case.method, case.path].add(response.status_code)

        try_it()
    assert set(statuses) == {(method.upper(), path) for path, method, _operation in operations_of(api.document)}
    if mode == "positive":
        refused = {operation for operation, seen in statuses.items() if min(seen) >= 300}
        assert refused <= _OF_OTHER_ROWS | _OF_OTHER_STATES
