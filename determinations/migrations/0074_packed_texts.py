"""Long texts and parsed documents get columns of bytes for their packed form (decision 0046).

Nothing is rewritten here: rows keep what they have in the earlier columns, and workers pack it in the background. Each
statement changes the catalog alone, builds an index concurrently, or validates a check without making anyone wait. A
run that was interrupted is done again from its beginning.
"""

from django.db import migrations, models

_TABLES = {
    "lettertext": ("text",),
    "parseddocument": ("document",),
    "casetext": ("summary",),
    "itemtext": ("rationale", "claims_text", "reviewer_text"),
}
#: Packed values do not compress further, and PostgreSQL would try each time.
_COLUMNS = """
ALTER TABLE determinations_{table} ADD COLUMN IF NOT EXISTS packed_{name} bytea;
ALTER TABLE determinations_{table} ALTER COLUMN packed_{name} SET STORAGE EXTERNAL;
ALTER TABLE determinations_{table} ALTER COLUMN {name} DROP NOT NULL;
"""
#: Fails if a row is packed, so that nothing is lost.
_WITHOUT_COLUMNS = """
ALTER TABLE determinations_{table} ALTER COLUMN {name} SET NOT NULL;
ALTER TABLE determinations_{table} DROP COLUMN packed_{name};
"""
#: A text that was written again, or removed from the packed value, must not remain in the earlier column.
_EMPTIED = """
CREATE OR REPLACE FUNCTION determinations_empty_earlier_{table}() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    {steps}
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER empty_earlier BEFORE UPDATE ON determinations_{table} FOR EACH ROW
WHEN ({condition}) EXECUTE FUNCTION determinations_empty_earlier_{table}();
"""
_STEP = "IF NEW.packed_{name} IS NOT NULL THEN NEW.{name} := NULL; END IF;"
_CONDITION = "NEW.packed_{name} IS NOT NULL AND NEW.{name} IS NOT NULL"
#: Packing changes nothing that statistics count.
_MARK = """
CREATE OR REPLACE TRIGGER leave_mark AFTER INSERT OR UPDATE{of} OR DELETE OR TRUNCATE ON determinations_itemtext
FOR EACH STATEMENT EXECUTE FUNCTION determinations_leave_mark()
"""


def _each(form: str, table: str) -> str:
    return "".join(form.format(table=table, name=name) for name in _TABLES[table])


def _emptied(table: str) -> str:
    return _EMPTIED.format(
        table=table,
        steps=" ".join(_STEP.format(name=name) for name in _TABLES[table]),
        condition=" OR ".join(_CONDITION.format(name=name) for name in _TABLES[table]),
    )


def _columns(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        _each(_COLUMNS, table) + _emptied(table),
        f"DROP FUNCTION determinations_empty_earlier_{table}() CASCADE;" + _each(_WITHOUT_COLUMNS, table),
    )


def _check(table: str, name: str) -> list[migrations.RunSQL]:
    check = f"{table}_{name}_once"
    return [
        migrations.RunSQL(
            f"ALTER TABLE determinations_{table} DROP CONSTRAINT IF EXISTS {check}, ADD CONSTRAINT {check}"
            f" CHECK (num_nonnulls(packed_{name}, {name}) = 1) NOT VALID",
            f"ALTER TABLE determinations_{table} DROP CONSTRAINT {check}",
        ),
        migrations.RunSQL(f"ALTER TABLE determinations_{table} VALIDATE CONSTRAINT {check}", migrations.RunSQL.noop),
    ]


def _packed(model: str, name: str, *, blank: bool = False) -> migrations.AlterField:
    return migrations.AlterField(model, name, models.BinaryField(blank=blank, db_column=f"packed_{name}"))


def _earlier(table: str, key: str, name: str, index: str) -> migrations.SeparateDatabaseAndState:
    """Finds the rows that are to be packed; later it is empty."""
    in_state = models.Index(fields=[key], condition=models.Q((f"{name}__isnull", True)), name=index)
    return migrations.SeparateDatabaseAndState(
        [
            migrations.RunSQL(  # what an interrupted run left of it is no index
                [
                    f"DROP INDEX CONCURRENTLY IF EXISTS {index}",
                    f"CREATE INDEX CONCURRENTLY {index} ON determinations_{table} ({key}_id)"
                    f" WHERE packed_{name} IS NULL",
                ],
                f"DROP INDEX CONCURRENTLY IF EXISTS {index}",
            )
        ],
        [migrations.AddIndex(table, in_state)],
    )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("determinations", "0073_webhook_cases")]
    operations = [
        migrations.SeparateDatabaseAndState(
            [_columns(table) for table in _TABLES],
            [
                _packed("lettertext", "text"),
                _packed("parseddocument", "document"),
                _packed("casetext", "summary", blank=True),
                *(_packed("itemtext", name, blank=True) for name in _TABLES["itemtext"]),
            ],
        ),
        *(check for table, names in _TABLES.items() for name in names for check in _check(table, name)),
        migrations.RunSQL(_MARK.format(of=" OF search"), _MARK.format(of="")),
        _earlier("lettertext", "letter", "text", "letter_text_earlier"),
        _earlier("parseddocument", "letter", "document", "document_earlier"),
        _earlier("casetext", "case", "summary", "case_text_earlier"),
        _earlier("itemtext", "item", "rationale", "item_text_earlier"),
    ]
