"""Triggers: whatever statement changes what statistics read leaves a mark, whoever runs it."""

from django.db import migrations

TABLES = [
    "itemfact",
    "citationfact",
    "authority",
    "category",
    "editionvalidity",
    "statewidefigure",
    "statisticslimits",
]

# Every thousandth mark merges old ones: the sum, all that anybody reads, stays the same.
FUNCTION = """
CREATE FUNCTION determinations_leave_mark() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    added bigint;
BEGIN
    INSERT INTO determinations_factchange (mark)
    VALUES (abs(hashtextextended(gen_random_uuid()::text, 0)::numeric)) RETURNING id INTO added;
    IF added % 1000 = 0 THEN
        WITH merged AS (
            DELETE FROM determinations_factchange WHERE id IN (
                SELECT id FROM determinations_factchange WHERE id < added ORDER BY id FOR UPDATE SKIP LOCKED
            ) RETURNING mark
        )
        INSERT INTO determinations_factchange (mark) SELECT sum(mark) FROM merged HAVING count(*) > 0;
    END IF;
    RETURN NULL;
END $$;
"""

# An authority that moves to another family takes the family bits of its items with it.
FAMILY = """
CREATE FUNCTION determinations_family_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE determinations_itemfact fact SET
        claims_families = COALESCE((
            SELECT bit_or(CASE a.family WHEN 'mtus' THEN 1 WHEN 'acoem' THEN 2 WHEN 'odg' THEN 4 ELSE 8 END)
            FROM determinations_authority a WHERE a.id = ANY(fact.claims_authority_ids)
        ), 0),
        reviewer_families = COALESCE((
            SELECT bit_or(CASE a.family WHEN 'mtus' THEN 1 WHEN 'acoem' THEN 2 WHEN 'odg' THEN 4 ELSE 8 END)
            FROM determinations_authority a WHERE a.id = ANY(fact.reviewer_authority_ids)
        ), 0)
    WHERE fact.claims_authority_ids @> ARRAY[NEW.id] OR fact.reviewer_authority_ids @> ARRAY[NEW.id];
    RETURN NULL;
END $$;
CREATE TRIGGER family_moved AFTER UPDATE OF family ON determinations_authority
FOR EACH ROW WHEN (OLD.family IS DISTINCT FROM NEW.family) EXECUTE FUNCTION determinations_family_moved();
"""


def _trigger(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER leave_mark AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON determinations_{table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION determinations_leave_mark()",
        f"DROP TRIGGER leave_mark ON determinations_{table}",
    )


class Migration(migrations.Migration):
    dependencies = [("determinations", "0003_statistics")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION determinations_leave_mark"),
        *(_trigger(table) for table in TABLES),
        migrations.RunSQL(
            FAMILY,
            "DROP TRIGGER family_moved ON determinations_authority; DROP FUNCTION determinations_family_moved",
        ),
    ]
