"""Makes an empty database in one step; databases that began with the migrations it replaces go on with those.

The SQL beside it makes the tables and rows as they leave them (decision 0050). The state of the models is worked out
from their own operations, so that it cannot differ.
"""

from importlib import import_module
from pathlib import Path

from django.conf import settings
from django.contrib.postgres.operations import BtreeGinExtension, TrigramExtension
from django.db import migrations
from django.db.migrations.state import ProjectState

_REPLACED = [
    "0001_initial",
    "0002_roles",
    "0003_statistics",
    "0004_fact_change",
    "0005_browsing",
    "0006_sections_searched",
    "0007_corrections",
    "0008_corrections_screens",
    "0009_citation_facts",
    "0010_published_figures",
    "0011_more_marks",
    "0012_case_problems",
    "0013_export_times",
    "0014_correction_of_letter",
    "0015_browsing_indexes",
    "0016_unread_letters_in_queue",
    "0017_cited",
    "0018_removed_letters",
    "0019_filters_of_lists",
    "0020_found_by",
    "0021_family_of_cases",
    "0022_marks_of_printed",
    "0023_never_emptied",
    "0024_section_labels",
    "0025_filter_index_columns",
    "0026_parts_of_files",
    "0027_places_of_removed_letters",
    "0028_grounds",
    "0029_plain_english",
    "0030_contained_pairs",
    "0031_scans",
    "0032_letters_waiting",
    "0033_unrecognized_source",
    "0034_removed_copies",
    "0035_accounts",
    "0036_duties",
    "0037_search_words",
    "0038_order_of_files",
    "0039_installation",
    "0040_search_vocabulary",
    "0041_drawings",
    "0042_stored_filters",
    "0043_letters_without_duties",
    "0044_casework",
    "0045_office_fields",
    "0046_office_values_index",
    "0047_audit_trail",
    "0048_file_keys",
    "0049_operations",
    "0050_selected_rows",
    "0051_due_dates_of_cases",
    "0052_more_orders",
    "0053_own_pages",
    "0054_duty_documents",
    "0055_notifications",
    "0056_retention",
    "0057_offices",
    "0058_column_files",
    "0059_data_set",
    "0060_vectors_uncompressed",
    "0061_opening",
    "0062_grounds_version",
    "0063_notes_found",
    "0064_api",
    "0065_changes",
    "0066_arrivals",
    "0067_help",
    "0068_reports",
    "0069_fewer_indexes",
    "0070_replica",
    "0071_doors",
    "0072_sent_forms",
    "0073_webhook_cases",
    "0074_packed_texts",
    "0075_vectors_in_their_rows",
    "0076_damaged_texts_failing_views",
]


class MakeAll(migrations.SeparateDatabaseAndState):
    """Makes the schema, and the state that belongs to it."""

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Add the models. Their classes are made when they are needed, not again after each operation."""
        state.__dict__.pop("apps", None)  # as Django does where it delays making them
        super().state_forwards(app_label, state)


class Migration(migrations.Migration):
    replaces = [("determinations", name) for name in _REPLACED]
    initial = True
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        TrigramExtension(),
        BtreeGinExtension(),
        MakeAll(
            database_operations=[migrations.RunSQL(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))],
            state_operations=[
                operation
                for name in _REPLACED
                for operation in import_module(f"{__package__}.{name}").Migration.operations
            ],
        ),
    ]
