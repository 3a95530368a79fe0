"""The authority of unrecognized citations has a plainer title, unless an administrator has given it another."""

from django.db import migrations

_RENAME = """
UPDATE determinations_authority SET title = '{new}' WHERE key = 'other/unrecognised' AND title = '{old}'
"""
_OLD, _NEW = "Source that the parser does not know", "Unrecognized source"


class Migration(migrations.Migration):
    dependencies = [("determinations", "0032_letters_waiting")]
    operations = [
        migrations.RunSQL(_RENAME.format(old=_OLD, new=_NEW), _RENAME.format(old=_NEW, new=_OLD)),
    ]
