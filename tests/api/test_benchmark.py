"""The benchmark of the API, run small."""

import gc
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from determinations.intake.store_health import check_store
from determinations.models import ApiToken, Letter
from tests.duties.conftest import Store


@pytest.mark.django_db
def test_the_benchmark_measures_reading_and_uploads_both_ways(broker: None, store: Store, tmp_path: Path) -> None:
    check_store()  # while there are no letters, it is tied to the database
    store(1, {"One synthetic knee brace": "Upheld"})
    said = StringIO()
    call_command("benchmark_api", repeat=1, only="cases: first page,changes", uploads=2, record=tmp_path, stdout=said)
    gc.unfreeze()
    printed = said.getvalue()
    for line in ("cases: first page", "changes: a cursor", "uploads by API", "uploads by web", "API to web, ratio"):
        assert line in printed
    assert list(tmp_path.glob("*-api-1.json"))
    assert Letter.objects.count() == 5
    assert not ApiToken.objects.exists()
    assert not User.objects.get(username="benchmark-api").is_active
