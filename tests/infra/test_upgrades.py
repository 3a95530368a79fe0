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
#: Migrations that databases have applied, the first of new ones among them: file, and the start of its SHA-256.
APPLIED = {
    "0001_initial": "5c5d2017d2b4ea88",
    "0001_squashed_0076_damaged_texts_failing_views": "2549a727b8196e5f",
    "0001_squashed_0076_damaged_texts_failing_views.sql": "5141f61408d4cd79",
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
    "0024_section_labels": "d59165abe4a894c1",
    "0025_filter_index_columns": "666be522053ac3ad",
    "0026_parts_of_files": "db6f0d37fc95a65a",
    "0027_places_of_removed_letters": "2206133e190e27a2",
    "0028_grounds": "6f79baa838c2ca9b",
    "0029_plain_english": "de63d785442dd4ad",
    "0030_contained_pairs": "a0897c050d31fa42",
    "0031_scans": "3f9502f03588383d",
    "0032_letters_waiting": "47bda02378f27f39",
    "0033_unrecognized_source": "085c4c25813ae704",
    "0034_removed_copies": "ab631244748821ab",
    "0035_accounts": "eb2d699f479dca4e",
    "0036_duties": "945f46ee1202ffaf",
    "0037_search_words": "f995d9d4ede1d54b",
    "0038_order_of_files": "c49c394656845525",
    "0039_installation": "bf0742d27b9768bf",
    "0040_search_vocabulary": "598ae65613087ac8",
    "0041_drawings": "970e404f76c4ccfe",
    "0042_stored_filters": "516ae3c18dddc190",
    "0043_letters_without_duties": "ae5159dfcb6f0da7",
    "0044_casework": "10d9207fe42c73a1",
    "0045_office_fields": "2a959c77a0a8687f",
    "0046_office_values_index": "03b3063ca6f40a5b",
    "0047_audit_trail": "d16090e7a8f2c02d",
    "0048_file_keys": "c125e3d1fda3a60b",
    "0049_operations": "e171624737b5cd37",
    "0050_selected_rows": "0424d4813175de46",
    "0051_due_dates_of_cases": "8ff3967d2101f61b",
    "0052_more_orders": "26f94a03ce936a1d",
    "0053_own_pages": "d614bbce0e1975cf",
    "0054_duty_documents": "4546cf951330b629",
    "0055_notifications": "2f180dafbe14ce23",
    "0056_retention": "05dfccbeda80bdca",
    "0057_offices": "b4e4c79ee5124a25",
    "0058_column_files": "af4039b69901ed86",
    "0059_data_set": "a1c7cc51eb54cccf",
    "0060_vectors_uncompressed": "29c2eded0e72472b",
    "0061_opening": "2ae411594be4d1ac",
    "0062_grounds_version": "d2acc1204cb48724",
    "0063_notes_found": "55e47cbd94fb3779",
    "0064_api": "cc0b87de132697c2",
    "0065_changes": "656e2bb5d4be76bd",
    "0066_arrivals": "990cfe8d47d74e0c",
    "0067_help": "8a05e25082bed188",
    "0068_reports": "7814f2cd0ff695d9",
    "0069_fewer_indexes": "dac5114d735bc2bb",
    "0070_replica": "20cab3c997f8e85b",
    "0071_doors": "e95e4e1d1d3153e0",
    "0072_sent_forms": "754a23aefa55e6ec",
    "0073_webhook_cases": "6e43304208423296",
    "0074_packed_texts": "c798f2dda5ac8f4a",
    "0075_vectors_in_their_rows": "888b057ebed1c9bf",
    "0076_damaged_texts_failing_views": "ae0de1dcce370157",
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
    kept = {
        path.name.removesuffix(".py"): hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for path in MIGRATIONS.glob("0*.*")
    }

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
