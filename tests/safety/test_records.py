"""Append-only tables, the audit trail of opened letters, deletion of expired data, and database privileges."""

import os
import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from determinations import tasks
from determinations.browsing import exports
from determinations.corrections import actions, duplicates, removal
from determinations.models import (
    AuditEvent,
    Correction,
    Export,
    LetterPair,
    ReparseExample,
    ReparseRun,
    SectionName,
)
from determinations.models.browsing import ExportState
from determinations.models.duplicates import PairKind
from determinations.models.reparsing import Selection
from tests.corrections.letters import NOW, citation, document, item, stored_letter
from tests.fixtures import ROOT
from tests.fixtures.people import People

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("table", ["auditevent", "correction"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET by_name = 'another user'", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_database_rejects_changes_to_append_only_tables(people: People, table: str, statement: str) -> None:
    letter = stored_letter(document(item("Knee brace")))
    actions.correct_field(letter.pk, "age", 44, by=people.admin, now=NOW, reason="misread")
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("SET LOCAL imrsite.tests_empty_tables = 'no'")
        with pytest.raises(IntegrityError, match=r"only added to|never"), transaction.atomic():
            cursor.execute(statement.format(f"determinations_{table}"))
    assert AuditEvent.objects.exists()
    assert Correction.objects.exists()


def opened_by(user: Any) -> list[tuple[str, int | None]]:
    return list(AuditEvent.objects.filter(by_id=user.pk).order_by("pk").values_list("action", "letter_id"))


@pytest.mark.usefixtures("broker")
def test_opening_a_letter_to_correct_or_compare_it_is_recorded(as_admin: Client, people: People) -> None:
    one, other = (stored_letter(document(item("Knee brace")), text="Synthetic letter.") for _ in range(2))
    pair = LetterPair.objects.create(older=one, newer=other, kind=PairKind.ALIKE, percent=90, found_at=NOW)
    as_admin.get(reverse("review_letter", args=[one.pk]))
    assert opened_by(people.admin) == [("review.opened", one.pk)]
    as_admin.get(reverse("letter_pair", args=[pair.pk]))
    assert opened_by(people.admin)[1:] == [("pair.opened", one.pk), ("pair.opened", other.pk)]
    as_admin.post(reverse("review_letter", args=[one.pk]), {"do": "save"})
    as_admin.get(reverse("letter_boxes", args=[one.pk]))
    assert len(opened_by(people.admin)) == 3, "parts of a recorded opening add no row"


def test_separately_requested_parts_of_a_letter_are_recorded_once(as_casemanager: Client, people: People) -> None:
    letter = stored_letter(document(item("Knee brace")), text="Synthetic letter.")
    for _ in range(2):
        as_casemanager.get(reverse("letter_boxes", args=[letter.pk]))
    assert opened_by(people.casemanager) == [("pages.opened", letter.pk)]


def test_exports_are_deleted_after_a_week_and_unfinished_ones_after_an_hour(
    people: People, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "exports").mkdir()

    def file(name: str, age: timedelta) -> Path:
        path = tmp_path / "exports" / name
        path.write_text("synthetic")
        at = time.time() - age.total_seconds()
        os.utime(path, (at, at))
        return path

    export = Export.objects.create(
        by=people.casemanager, list_name="cases", format="csv", state=ExportState.READY, requested_at=timezone.now()
    )
    gone = [
        file(f"{export.pk}.csv", timedelta(days=8)), file("99.xlsx", timedelta(days=8)),
        file("tmpabc", timedelta(hours=2)),
    ]  # fmt: skip
    kept = [file("1000001.csv", timedelta(days=6)), file("tmpdef", timedelta(minutes=5))]
    exports.delete_old_files(now=timezone.now())
    assert [path.exists() for path in gone] == [False] * 3
    assert [path.exists() for path in kept] == [True] * 2


def test_the_text_of_a_removed_letter_is_deleted_everywhere(people: People) -> None:
    theirs = citation("mtus/shoulder", "2004", "A name of the letter alone", "Shared name")
    letter = stored_letter(document(item("Knee brace", claims=[theirs])))
    stored_letter(document(item("Walker", claims=[citation("mtus/shoulder", "2004", "Shared name")])))
    run = ReparseRun.objects.create(selection=Selection(what="all"), at=NOW, parser_version="1", last_letter=letter.pk)
    for letter_id in (letter.pk, letter.pk + 1000):
        ReparseExample.objects.create(
            run=run, letter_id=letter_id, path="summary", field="summary", kind="change", old_value="Synthetic words."
        )
    removal.remove_letter(letter.pk, by=people.admin, now=NOW, reason="not ours", belonged=False)
    assert list(ReparseExample.objects.values_list("letter_id", flat=True)) == [letter.pk + 1000]
    assert list(SectionName.objects.values_list("name", flat=True)) == ["Shared name"]


@pytest.mark.usefixtures("broker")
def test_only_one_worker_at_a_time_finds_pairs() -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtextextended('finding pairs or counting words', 0))")
            letter = stored_letter(document(item("Knee brace")), text="Synthetic letter. " * 50)
            tasks.find_pairs()
            assert duplicates.unsigned(10) == [letter.pk]
            cursor.execute("SELECT pg_advisory_unlock_all()")
    finally:
        other.close()
    tasks.find_pairs()
    assert duplicates.unsigned(10) == []


def test_the_application_role_can_only_write_rows() -> None:
    """With the privileges granted by the production script. The test transaction is rolled back."""
    script = (ROOT / "imrsite" / "deploy" / "roles.sh").read_text()
    tables, sequences = (re.search(rf"GRANT (.*) ON {kind} TO imrsite;", script) for kind in ("TABLES", "SEQUENCES"))
    assert tables
    assert sequences
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE application_on_trial")
        for rights, kind in ((tables[1], "TABLES"), (sequences[1], "SEQUENCES")):
            cursor.execute(f"GRANT {rights} ON ALL {kind} IN SCHEMA public TO application_on_trial")
        cursor.execute("SET LOCAL ROLE application_on_trial")
        letter = stored_letter(document(item("Knee brace")))
        AuditEvent.objects.create(at=NOW, action="test", letter_id=letter.pk)
        for forbidden in (
            "TRUNCATE determinations_auditevent", "CREATE TABLE other ()",
            "ALTER TABLE determinations_correction DISABLE TRIGGER ALL", "DROP TABLE determinations_correction",
        ):  # fmt: skip
            with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), transaction.atomic():
                cursor.execute(forbidden)
        cursor.execute("RESET ROLE")
