"""Facts say in one word what an item cites; whoever moves an authority to another family waits for writers of facts."""

from django.db import migrations, models

_FILL = """
UPDATE determinations_itemfact AS fact SET
    decision_year = extract(year FROM decision_date),
    cited = COALESCE((
        SELECT string_agg(
            CASE cit.side WHEN 'claims' THEN 'c' ELSE 'r' END || cit.authority_id || '@' || cit.edition, chr(31)
            ORDER BY cit.side, cit.authority_id, cit.edition COLLATE "C"
        )
        FROM determinations_citation cit WHERE cit.item_id = fact.item_id
    ), '')
"""
# The trigger `family_moved` mends the facts that it sees. Facts that are being written it would not see: it waits for
# the transactions that write some, and has later ones wait for it.
_WAIT = """
CREATE FUNCTION determinations_family_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('families of authorities'));
    RETURN NEW;
END $$;
CREATE TRIGGER family_moves BEFORE UPDATE OF family ON determinations_authority
FOR EACH ROW WHEN (OLD.family IS DISTINCT FROM NEW.family) EXECUTE FUNCTION determinations_family_moves();
"""


class Migration(migrations.Migration):
    dependencies = [("determinations", "0016_unread_letters_in_queue")]
    operations = [
        migrations.AddField("itemfact", "decision_year", models.SmallIntegerField(null=True)),
        migrations.AddField(
            "itemfact",
            "cited",
            models.TextField(
                db_collation="C",
                db_default="",
                help_text="every citation in one word to group by, see statistics.cited",
            ),
        ),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
        migrations.RemoveField("citationfact", "decision_year"),
        migrations.RunSQL(
            _WAIT,
            "DROP TRIGGER family_moves ON determinations_authority; DROP FUNCTION determinations_family_moves",
        ),
    ]
