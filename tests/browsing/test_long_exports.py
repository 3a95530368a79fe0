"""Long exports are written by the worker, and again if their message was lost."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from determinations.models import Export
from determinations.models.browsing import ExportState
from determinations.synthetic import write_letter
from determinations.tasks import sweep
from determinations.views.browsing import exports as export_views
from tests.browsing.conftest import store_texts
from tests.browsing.test_exports import export_of, rows_of
from tests.fixtures.people import People
from tests.fixtures.worker import Worker

pytestmark = pytest.mark.usefixtures("broker")


def test_a_long_list_is_written_by_the_worker(
    worker: Worker, as_casemanager: Client, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_texts(write_letter(number, 5).text for number in range(4))
    monkeypatch.setattr(export_views, "AT_ONCE", 2)
    response = as_casemanager.post("/cases/export/", {"format": "csv", "query": ""})
    assert response.headers["Location"] == "/exports/"
    worker.wait_until_idle()
    export = Export.objects.get()
    assert (export.state, export.rows) == (ExportState.READY, 4)
    file = as_casemanager.get(f"/exports/{export.pk}/file")
    assert len(rows_of(file)) == 4
    assert b"Download" in as_casemanager.get("/exports/").content


def test_an_export_whose_message_was_lost_is_sent_again(worker: Worker, people: People) -> None:
    waiting = export_of(people.casemanager)
    died = export_of(people.casemanager, state=ExportState.WRITING, started_at=datetime(2026, 1, 1, tzinfo=UTC))
    sweep()
    worker.wait_until_idle()
    for export in (waiting, died):
        export.refresh_from_db()
        assert export.state == ExportState.READY
