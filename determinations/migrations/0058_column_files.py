"""Column files, and triggers that note which items' facts a statement changed, whoever runs it."""

import django.contrib.postgres.fields
from django.db import migrations, models

#: More items than this are noted as all: the column file is written anew.
MOST_NOTED = 50_000


def _function(table: str, key: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"""
CREATE FUNCTION determinations_note_changed_{table}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    noted bigint[];
BEGIN
    IF TG_OP <> 'TRUNCATE' THEN
        noted := ARRAY(SELECT DISTINCT {key} FROM changed LIMIT {MOST_NOTED} + 1);
        IF cardinality(noted) = 0 THEN
            RETURN NULL;
        ELSIF cardinality(noted) > {MOST_NOTED} THEN
            noted := NULL;
        END IF;
    END IF;
    INSERT INTO determinations_factlog (transaction, items) VALUES (pg_current_xact_id()::text::bigint, noted);
    RETURN NULL;
END $$;
CREATE TRIGGER note_added AFTER INSERT ON determinations_{table} REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION determinations_note_changed_{table}();
CREATE TRIGGER note_before AFTER UPDATE ON determinations_{table} REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION determinations_note_changed_{table}();
CREATE TRIGGER note_after AFTER UPDATE ON determinations_{table} REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION determinations_note_changed_{table}();
CREATE TRIGGER note_deleted AFTER DELETE ON determinations_{table} REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION determinations_note_changed_{table}();
CREATE TRIGGER note_emptied AFTER TRUNCATE ON determinations_{table}
    FOR EACH STATEMENT EXECUTE FUNCTION determinations_note_changed_{table}();
""",  # noqa: S608 - names and a number of our own
        f"DROP FUNCTION determinations_note_changed_{table} CASCADE",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("determinations", "0057_offices"),
    ]

    operations = [
        migrations.CreateModel(
            name="ColumnFile",
            fields=[
                (
                    "folder",
                    models.CharField(
                        help_text="as in its file folder-id", max_length=32, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=80)),
                (
                    "horizon",
                    models.TextField(help_text="the snapshot of the database, as pg_current_snapshot() gives it"),
                ),
                (
                    "database",
                    models.CharField(help_text="in which these numbers of transactions mean something", max_length=60),
                ),
                ("layout", models.CharField(help_text="digest of the columns that the file has", max_length=64)),
                ("items", models.BigIntegerField(default=0)),
                ("size", models.BigIntegerField(default=0, help_text="bytes")),
                ("written_at", models.DateTimeField(null=True)),
                ("looked_at", models.DateTimeField(help_text="when its keeper last looked for changes")),
            ],
        ),
        migrations.CreateModel(
            name="FactLog",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "transaction",
                    models.BigIntegerField(help_text="ID of the transaction, as pg_current_xact_id() gives it"),
                ),
                (
                    "items",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), null=True, size=None
                    ),
                ),
            ],
        ),
        _function("itemfact", "item_id"),
        _function("citationfact", "fact_id"),
    ]
