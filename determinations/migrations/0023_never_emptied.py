"""The record of who did what is only added to, and neither it nor the corrections can be emptied in one stroke.

Also a column that no code ever set is gone.
"""

from django.db import migrations

# Tests empty all tables between them; their sessions say so (tests/settings.py). This keeps accidents out. Against
# somebody who means it, the application's role has neither the right to empty tables nor owns them (deploy/roles.sh).
_KEEP = """
CREATE FUNCTION determinations_keep_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the record of who did what is only added to' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER keep_event BEFORE UPDATE OR DELETE ON determinations_auditevent
FOR EACH ROW EXECUTE FUNCTION determinations_keep_event();

CREATE FUNCTION determinations_keep_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('imrsite.tests_empty_tables', true) = 'yes' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is never emptied', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER keep_all BEFORE TRUNCATE ON determinations_auditevent
FOR EACH STATEMENT EXECUTE FUNCTION determinations_keep_all();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON determinations_correction
FOR EACH STATEMENT EXECUTE FUNCTION determinations_keep_all();
"""
_DROP = """
DROP TRIGGER keep_all ON determinations_correction;
DROP TRIGGER keep_all ON determinations_auditevent;
DROP FUNCTION determinations_keep_all;
DROP TRIGGER keep_event ON determinations_auditevent;
DROP FUNCTION determinations_keep_event;
"""


class Migration(migrations.Migration):
    dependencies = [("determinations", "0022_marks_of_printed")]

    operations = [
        migrations.RemoveField(model_name="case", name="kept_apart"),
        migrations.RunSQL(_KEEP, _DROP),
    ]
