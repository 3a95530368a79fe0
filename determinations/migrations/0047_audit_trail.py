"""The audit trail is chained: each event's hash covers it and the hash before it.

Events carry the client's address and the letters that a list showed. A trigger notes each new event in a table from
which the sealer takes it, so that an event that commits late is never missed. The chain begins with the events that
are there already. Retention may delete what an anchor covers, as the owner of the tables only.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

# The address of earlier sign-ins is in their details.
_FILL = """
ALTER TABLE determinations_auditevent DISABLE TRIGGER keep_event;
UPDATE determinations_auditevent SET address = (detail->>'address')::inet WHERE detail->>'address' <> '';
ALTER TABLE determinations_auditevent ENABLE TRIGGER keep_event;
INSERT INTO determinations_auditpending (event_id) SELECT id FROM determinations_auditevent;
"""
_GUARD = """
CREATE FUNCTION determinations_note_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO determinations_auditpending (event_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER note_event AFTER INSERT ON determinations_auditevent
FOR EACH ROW EXECUTE FUNCTION determinations_note_event();

CREATE FUNCTION determinations_retention_may_delete(of_table oid, at_position bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        current_setting('imrsite.audit_retention', true) = 'yes'
        AND pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = of_table), 'USAGE')
        AND at_position <= (SELECT max(position) FROM determinations_auditanchor), false)
$$;

CREATE OR REPLACE FUNCTION determinations_keep_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND determinations_retention_may_delete(
        TG_RELID, (SELECT position FROM determinations_auditlink WHERE event_id = OLD.id)
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the record of who did what is only added to' USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION determinations_keep_link() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND determinations_retention_may_delete(TG_RELID, OLD.position) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the chain of the audit trail is only added to' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER keep_link BEFORE UPDATE OR DELETE ON determinations_auditlink
FOR EACH ROW EXECUTE FUNCTION determinations_keep_link();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON determinations_auditlink
FOR EACH STATEMENT EXECUTE FUNCTION determinations_keep_all();

CREATE FUNCTION determinations_keep_anchor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the anchors of the audit trail are only added to' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER keep_anchor BEFORE UPDATE OR DELETE ON determinations_auditanchor
FOR EACH ROW EXECUTE FUNCTION determinations_keep_anchor();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON determinations_auditanchor
FOR EACH STATEMENT EXECUTE FUNCTION determinations_keep_all();
"""
_UNGUARD = """
DROP TRIGGER keep_all ON determinations_auditanchor;
DROP TRIGGER keep_anchor ON determinations_auditanchor;
DROP FUNCTION determinations_keep_anchor;
DROP TRIGGER keep_all ON determinations_auditlink;
DROP TRIGGER keep_link ON determinations_auditlink;
DROP FUNCTION determinations_keep_link;
CREATE OR REPLACE FUNCTION determinations_keep_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the record of who did what is only added to' USING ERRCODE = 'restrict_violation';
END $$;
DROP FUNCTION determinations_retention_may_delete;
DROP TRIGGER note_event ON determinations_auditevent;
DROP FUNCTION determinations_note_event;
"""


def let_admins_view_the_trail(apps, schema_editor):
    """Permissions are made after migrations as a rule, but needed now. The state has its one row."""
    config = apps.get_app_config("determinations")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    admins, _ = apps.get_model("auth", "Group").objects.get_or_create(name="admin")
    admins.permissions.add(*apps.get_model("auth", "Permission").objects.filter(codename="view_audit_trail"))
    apps.get_model("determinations", "AuditState").objects.get_or_create(pk=1)


class Migration(migrations.Migration):
    dependencies = [
        ("determinations", "0046_office_values_index"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditAlert",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("viewing", "many cases viewed"),
                            ("export", "many cases exported"),
                            ("chain", "the audit trail was changed"),
                            ("stream", "the audit trail is not sent on"),
                        ],
                        max_length=8,
                    ),
                ),
                ("by_id", models.BigIntegerField(default=0, help_text="the user it is about; 0 for none")),
                ("by_name", models.CharField(blank=True, max_length=150)),
                ("since", models.DateTimeField(help_text="when the period began in which it is reported once")),
                ("at", models.DateTimeField(help_text="when it was noticed")),
                ("hours", models.SmallIntegerField(default=0, help_text="in how many hours the number was reached")),
                ("number", models.BigIntegerField(default=0)),
                ("threshold", models.BigIntegerField(default=0)),
                ("mailed_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_by", models.CharField(blank=True, max_length=150)),
            ],
        ),
        migrations.CreateModel(
            name="AuditAnchor",
            fields=[
                (
                    "position",
                    models.BigIntegerField(help_text="of the last removed event", primary_key=True, serialize=False),
                ),
                ("hash", models.BinaryField(help_text="of the last removed event", max_length=32)),
                ("rows", models.BigIntegerField(help_text="removed events")),
                ("oldest", models.DateTimeField(help_text="time of the first removed event")),
                ("newest", models.DateTimeField(help_text="latest time of a removed event")),
                ("removed_at", models.DateTimeField()),
                ("signature", models.TextField(help_text="by a key of this installation, over all of the above")),
            ],
        ),
        migrations.CreateModel(
            name="AuditLink",
            fields=[
                (
                    "position",
                    models.BigIntegerField(help_text="1, 2, 3 ... without gaps", primary_key=True, serialize=False),
                ),
                ("event_id", models.BigIntegerField(unique=True)),
                ("hash", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name="AuditPending",
            fields=[
                ("event_id", models.BigIntegerField(primary_key=True, serialize=False)),
            ],
        ),
        migrations.CreateModel(
            name="AuditState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "verified_to",
                    models.BigIntegerField(default=0, help_text="position up to which the current check has come"),
                ),
                (
                    "verified_at",
                    models.DateTimeField(help_text="when a part of the chain was checked last", null=True),
                ),
                (
                    "whole_verified_at",
                    models.DateTimeField(help_text="when the last check of the whole chain ended", null=True),
                ),
                (
                    "fault",
                    models.TextField(blank=True, help_text="the first break that a check found; empty for none"),
                ),
                (
                    "streamed_to",
                    models.BigIntegerField(default=0, help_text="position of the last event that was sent on"),
                ),
                ("streamed_at", models.DateTimeField(null=True)),
                (
                    "stream_fault",
                    models.TextField(blank=True, help_text="why the last attempt to send events on failed"),
                ),
                ("watched_at", models.DateTimeField(help_text="when events were last counted for alerts", null=True)),
            ],
        ),
        migrations.AlterModelOptions(
            name="auditevent",
            options={"permissions": [("view_audit_trail", "Can view the audit trail and its alerts")]},
        ),
        migrations.RemoveIndex(
            model_name="auditevent",
            name="audit_letter",
        ),
        migrations.RemoveIndex(
            model_name="auditevent",
            name="audit_by",
        ),
        migrations.AddField(
            model_name="auditevent",
            name="address",
            field=models.GenericIPAddressField(help_text="of the client; none for commands and workers", null=True),
        ),
        migrations.AddField(
            model_name="auditevent",
            name="letter_ids",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                help_text="letters that a list showed or an export contained",
                null=True,
                size=None,
            ),
        ),
        migrations.AlterField(
            model_name="auditevent",
            name="at",
            field=models.DateTimeField(),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["at", "id"], name="audit_time"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["letter_id", "at", "id"], name="audit_letter"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["by_id", "at", "id"], name="audit_by"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["action", "at", "id"], name="audit_action"),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(
                condition=models.Q(("address__isnull", False)), fields=["address", "at", "id"], name="audit_address"
            ),
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("letter_ids__isnull", False)), fields=["letter_ids"], name="audit_letters"
            ),
        ),
        migrations.AddIndex(
            model_name="auditalert",
            index=models.Index(fields=["closed_at", "-id"], name="audit_alert_open"),
        ),
        migrations.AddConstraint(
            model_name="auditalert",
            constraint=models.UniqueConstraint(fields=("kind", "by_id", "since"), name="audit_alert_once"),
        ),
        migrations.AddConstraint(
            model_name="auditstate",
            constraint=models.CheckConstraint(condition=models.Q(("pk", 1)), name="audit_state_one_row"),
        ),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
        migrations.RunSQL(_GUARD, _UNGUARD),
        migrations.RunPython(let_admins_view_the_trail, migrations.RunPython.noop),
    ]
