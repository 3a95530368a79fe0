"""Counts the letters that were here before their triggers.

One statement counts and subtracts what triggers have noted since, in one snapshot, so that nothing is locked, and no
letter is left out or counted twice. It may run again.
"""

from django.db import migrations

_COUNT = """
INSERT INTO determinations_lettertally (state, layout, letters)
SELECT state, layout, sum(letters)
FROM (
    SELECT state, layout, count(*) AS letters FROM determinations_letter GROUP BY state, layout
    UNION ALL SELECT state, layout, -letters FROM determinations_lettertally
) AS counted
GROUP BY state, layout HAVING sum(letters) <> 0
"""


class Migration(migrations.Migration):
    dependencies = [("determinations", "0078_letter_tally")]
    operations = [migrations.RunSQL(_COUNT, migrations.RunSQL.noop)]
