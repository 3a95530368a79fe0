"""Long exports ask users to confirm who they are, and go on afterwards."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from determinations.models import AuditEvent, Case
from tests.access.conftest import sign_in
from tests.fixtures.people import PASSWORD, People

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


def test_a_long_export_asks_who_it_is_and_then_waits_in_the_exports(
    people: People, collection: list[Case], settings: Any
) -> None:
    admin = Client()
    sign_in(admin, "admin", PASSWORD)
    settings.CONFIRM_EXPORT_ROWS, settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 2, 0
    form = {"format": "csv", "query": "outcome=upheld"}
    answer = admin.post("/items/export/", form)
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert not AuditEvent.objects.filter(action__in=["list.exported", "export.requested"]).exists()
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
    done = admin.post(reverse("account_reauthenticate"), {"password": PASSWORD, "next": "/items/export/"})
    assert done.headers["Location"] == reverse("export_list")
    assert AuditEvent.objects.get(action="export.requested").detail["query"]
    assert admin.post("/items/export/", form).headers["Content-Type"].startswith("text/csv")
    settings.CONFIRM_EXPORT_ROWS, settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0, 0
    assert admin.post("/items/export/", form).status_code == 200
