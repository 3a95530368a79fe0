"""Names that stored data relies on do not change: sessions, migrations, tables, task messages, addresses.

A database made by any release must migrate, a signed-in user must stay signed in, and a message that an older web
process sent must find its task.
"""

import hashlib
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from imrsite.celery import app as celery_app
from tests.fixtures.people import People

MIGRATIONS = Path(apps.get_app_config("determinations").path) / "migrations"
#: Migrations that databases in use have applied: file, and the start of the SHA-256 of its text.
APPLIED = {
    "0001_initial": "5c5d2017d2b4ea88",
    "0002_roles": "1dd8236726976a16",
    "0003_statistics": "ce18bae12e09b5c0",
    "0004_fact_change": "5e32d0eecff4d217",
    "0005_browsing": "2a5f121e416bd300",
    "0006_sections_searched": "089fc66a897da84e",
    "0007_corrections": "83b956a68f8da7bc",
    "0008_corrections_screens": "ebc616ecb967771f",
    "0009_citation_facts": "1f4307befdb31888",
    "0010_published_figures": "516cfd3b7aa39df4",
    "0011_more_marks": "391002db870c97d6",
    "0012_case_problems": "745474ce720af5a8",
    "0013_export_times": "0eca18f2a9b6e79e",
    "0014_correction_of_letter": "002dad5759b2bae9",
    "0015_browsing_indexes": "a9ca86ad5b3d1715",
    "0016_unread_letters_in_queue": "f797d5f96cb25f79",
    "0017_cited": "2adeac7bd044db80",
    "0018_removed_letters": "9461ff46bfc0b50f",
    "0019_filters_of_lists": "b3e83ec69eb08fde",
    "0020_found_by": "834e865b866c4e8a",
    "0021_family_of_cases": "946d2caa242984ed",
    "0022_marks_of_printed": "acdb32b748b3d5ef",
    "0023_never_emptied": "1deb16943f15c6f4",
}
TASKS = {
    "determinations.tasks.count_statistics",
    "determinations.tasks.find_pairs",
    "determinations.tasks.parse_letters",
    "determinations.tasks.reparse",
    "determinations.tasks.sweep",
    "determinations.tasks.tidy",
    "determinations.tasks.write_export",
}
TABLES = {
    "determinations_auditevent",
    "determinations_authority",
    "determinations_authorityalias",
    "determinations_case",
    "determinations_casetext",
    "determinations_category",
    "determinations_categoryrule",
    "determinations_citation",
    "determinations_citationfact",
    "determinations_columnchoice",
    "determinations_correction",
    "determinations_correctionreason",
    "determinations_disputeditem",
    "determinations_editionvalidity",
    "determinations_export",
    "determinations_factchange",
    "determinations_itemfact",
    "determinations_itemtext",
    "determinations_letter",
    "determinations_letterpair",
    "determinations_lettersignature",
    "determinations_lettertext",
    "determinations_parseddocument",
    "determinations_printedcitation",
    "determinations_problemreport",
    "determinations_removedletter",
    "determinations_reparseexample",
    "determinations_reparserun",
    "determinations_reviewentry",
    "determinations_reviewsettings",
    "determinations_savedview",
    "determinations_scannedpage",
    "determinations_sectionname",
    "determinations_statewidefigure",
    "determinations_statisticslimits",
    "determinations_upload",
    "determinations_uploadedfile",
}


def test_a_session_of_an_earlier_release_stays_signed_in(people: People, client: Client) -> None:
    user = people.casemanager
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "determinations.roles.RoleBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    client.cookies["sessionid"] = session.session_key or ""

    assert client.get(reverse("case_list")).status_code == 200


def test_applied_migrations_keep_their_names_and_what_they_do() -> None:
    kept = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in MIGRATIONS.glob("0*.py")}

    assert {name: kept.get(name) for name in APPLIED} == APPLIED


def test_migrations_import_nothing_of_the_application() -> None:
    importing = [path.name for path in MIGRATIONS.glob("*.py") if "from determinations" in path.read_text()]

    assert importing == []


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_tables_of_earlier_releases_keep_their_names() -> None:
    assert {model._meta.db_table for model in apps.get_app_config("determinations").get_models()} >= TABLES


def test_messages_that_are_under_way_find_their_tasks() -> None:
    celery_app.loader.import_default_modules()

    assert set(celery_app.tasks) >= TASKS
