"""How many letters have each state and layout, kept by triggers. The letters that are here already: see 0079."""

from django.db import migrations, models

_TRIGGERS = """
CREATE FUNCTION determinations_tally_letters() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM determinations_lettertally;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO determinations_lettertally (state, layout, letters)
        SELECT state, layout, count(*) FROM now GROUP BY state, layout;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO determinations_lettertally (state, layout, letters)
        SELECT state, layout, -count(*) FROM earlier GROUP BY state, layout;
    ELSE
        INSERT INTO determinations_lettertally (state, layout, letters)
        SELECT state, layout, sum(sign)
        FROM (SELECT state, layout, 1 AS sign FROM now UNION ALL SELECT state, layout, -1 FROM earlier) AS changed
        GROUP BY state, layout HAVING sum(sign) <> 0;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tally_added AFTER INSERT ON determinations_letter REFERENCING NEW TABLE AS now
    FOR EACH STATEMENT EXECUTE FUNCTION determinations_tally_letters();
CREATE TRIGGER tally_changed AFTER UPDATE ON determinations_letter
    REFERENCING NEW TABLE AS now OLD TABLE AS earlier
    FOR EACH STATEMENT EXECUTE FUNCTION determinations_tally_letters();
CREATE TRIGGER tally_deleted AFTER DELETE ON determinations_letter REFERENCING OLD TABLE AS earlier
    FOR EACH STATEMENT EXECUTE FUNCTION determinations_tally_letters();
CREATE TRIGGER tally_emptied AFTER TRUNCATE ON determinations_letter
    FOR EACH STATEMENT EXECUTE FUNCTION determinations_tally_letters();
"""


class Migration(migrations.Migration):
    dependencies = [("determinations", "0077_counts_of_home")]
    operations = [
        migrations.CreateModel(
            name="LetterTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.CharField(max_length=20)),
                ("layout", models.CharField(blank=True, max_length=40)),
                ("letters", models.BigIntegerField(help_text="negative where letters left")),
            ],
        ),
        migrations.RunSQL(_TRIGGERS, "DROP FUNCTION determinations_tally_letters CASCADE"),
    ]
