"""Letters that nobody could read, and that came before the review queue took such letters, go into it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("determinations", "0015_browsing_indexes"),
    ]

    operations = [
        migrations.RunSQL(
            """
            INSERT INTO determinations_reviewentry (letter_id, reasons, urgency)
            SELECT id, ARRAY[CASE state WHEN 'not_determination' THEN 'not_a_determination' ELSE state END],
                CASE state WHEN 'not_determination' THEN 50 ELSE 30 END
            FROM determinations_letter WHERE state IN (
                'not_determination', 'no_text', 'too_slow', 'set_aside', 'too_large', 'too_many_pages',
                'password_needed', 'damaged'
            )
            ON CONFLICT (letter_id) DO NOTHING
            """,
            migrations.RunSQL.noop,
        ),
    ]
