"""The three roles as groups. Whoever may do a thing holds its named permission; pages never ask for a group."""

from django.apps.registry import Apps
from django.contrib.auth.management import create_permissions
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

CASE_MANAGER = ["browse_cases", "read_original", "upload_letters", "retry_letters", "export_cases"]
SUPERVISOR = [*CASE_MANAGER, "view_statistics", "view_quality"]
ADMIN = [*SUPERVISOR, "correct_cases"]
ROLES = {"case manager": CASE_MANAGER, "supervisor": SUPERVISOR, "admin": ADMIN}


def make_roles(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Permissions are made after migrations as a rule; the roles need them now."""
    config = apps.get_app_config("determinations")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    permission = apps.get_model("auth", "Permission")
    group = apps.get_model("auth", "Group")
    for name, codenames in ROLES.items():
        role, _ = group.objects.get_or_create(name=name)
        role.permissions.add(
            *permission.objects.filter(content_type__app_label="determinations", codename__in=codenames)
        )


class Migration(migrations.Migration):
    dependencies = [
        ("determinations", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
