"""Pages on a fresh checkout, whose static files have not been collected, and the pages for what failed."""

import copy
import re
from pathlib import Path
from typing import cast

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from pytest_django import Settings

from determinations.storage.files import exports_area
from imrsite.static_files import FingerprintedStorage, uncollected
from tests.fixtures import ROOT


@pytest.fixture
def as_served(settings: Settings, tmp_path: Path) -> FingerprintedStorage:
    """The storage of production, on an empty folder."""
    storages = copy.deepcopy(settings.STORAGES)
    storages["staticfiles"]["BACKEND"] = "imrsite.static_files.FingerprintedStorage"
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = storages
    return cast(FingerprintedStorage, staticfiles_storage)


@pytest.mark.django_db
def test_before_static_files_are_collected_pages_answer(
    as_served: FingerprintedStorage, as_casemanager: Client, broker: None
) -> None:
    response = as_casemanager.get("/")
    assert response.status_code == 200
    assert b'href="/static/css/base.css"' in response.content


def test_a_collected_file_carries_its_fingerprint_and_an_unknown_one_is_an_error(
    as_served: FingerprintedStorage, caplog: pytest.LogCaptureFixture
) -> None:
    as_served.hashed_files = {"css/base.css": "css/base.0123456789ab.css"}
    assert as_served.url("css/base.css") == "/static/css/base.0123456789ab.css"
    for _ in range(2):  # of a newer version, not collected yet
        assert as_served.url("css/tables.css") == "/static/css/tables.css"
    assert caplog.text.count("css/tables.css was not collected") == 1
    uncollected.clear()
    with pytest.raises(ValueError, match="no-such"):
        as_served.url("css/no-such.css")


@pytest.mark.parametrize("template", ["500.html", "503.html"])
def test_the_pages_for_what_failed_need_no_collected_files(as_served: FingerprintedStorage, template: str) -> None:
    as_served.hashed_files = {"css/other.css": "css/other.0123456789ab.css"}
    page = render_to_string(template)
    assert 'href="/static/css/base.css"' in page
    assert "Nothing was changed" in page or "Everything saved earlier is kept" in page


@pytest.mark.django_db(transaction=True)
def test_benchmarks_run_on_a_fresh_checkout(
    as_served: FingerprintedStorage, broker: None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Letters by ``load_synthetic`` in two runs; then both benchmarks of pages, with records that are compared."""
    from django.contrib.auth.models import User

    from determinations.models import Case, Export, ItemFact, Letter

    records = tmp_path / "records"
    call_command("load_synthetic", 4, jobs=1)
    call_command("load_synthetic", 9, jobs=2)
    assert Letter.objects.count() == Case.objects.count() == 9
    assert ItemFact.objects.values("item__case").distinct().count() == 9
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'determinations_case'::regclass")
        assert cursor.fetchone() == (9,)  # each table was analyzed, by one of the processes
    call_command("benchmark_pages", repeat=1, only="cases: first page,home", record=records)
    call_command("benchmark_statistics", filters=1, page=["/statistics/report/"], items=20, record=records)
    pages, statistics = sorted(records.glob("*.json"))
    assert pages.name.endswith("-pages-9.json")
    call_command("compare_benchmarks", pages, pages, fail=True)
    call_command("compare_benchmarks", statistics, statistics, fail=True)
    call_command("benchmark_corrections", corrections=1)
    with pytest.raises(CommandError, match="There is no item to correct"):
        call_command("benchmark_corrections", corrections=0)
    assert not User.objects.filter(is_active=True).exists(), "no benchmark leaves an account that can be used"
    kept = [entry.name for entry in exports_area().place.entries()]
    call_command("benchmark_export", rows=3)
    ItemFact.objects.all().delete()
    with pytest.raises(CommandError, match="Nothing was exported: there are no items"):
        call_command("benchmark_export", rows=3)
    assert not Export.objects.exists()
    assert [entry.name for entry in exports_area().place.entries()] == kept
    printed = capsys.readouterr().out
    assert re.search(r"^9 cases, \d+ items, [\d,]{7,} bytes of the database per case, 1 requests each$", printed, re.M)
    assert "cases: first page" in printed
    assert "home" in printed
    assert "/statistics/report/" in printed
    for seen_in in ("items: words", "cases: words", "search", "items: counts of the rail", "statistics"):
        assert re.search(rf"^{seen_in} +[\d.]+ +[\d.]+ +[\d.]+$", printed, re.MULTILINE)
    assert re.search(r"^CSV: [3-9] rows, [\d.]+ MB in .* MB of memory at most$", printed, re.MULTILINE)
    assert re.search(r"^XLSX: [3-9] rows, ", printed, re.MULTILINE)
    assert "0 of 4 figures are 1.3 times slower or more; the median ratio is 1.00." in printed


def test_modules_import_each_other_by_fingerprint(as_served: FingerprintedStorage, tmp_path: Path) -> None:
    call_command("collectstatic", interactive=False, verbosity=0)
    script = (tmp_path / as_served.stored_name("js/corrections.js")).read_text()
    names = re.findall(r'from "\./([^"]+)"', script)
    assert "corrections-letter" in str(names)
    for name in names:
        assert re.fullmatch(r"[a-z-]+\.[0-9a-f]{12}\.js", name)
        assert (tmp_path / "js" / name).exists()


def test_charts_use_only_colors_that_the_stylesheet_defines() -> None:
    script = (ROOT / "static" / "js" / "charts.js").read_text()
    tokens = (ROOT / "static" / "css" / "tokens.css").read_text()
    used = set(re.findall(r'"(--[a-z-]+)"', script))
    assert used
    assert used <= set(re.findall(r"^\s*(--[a-z-]+):", tokens, re.MULTILINE))
