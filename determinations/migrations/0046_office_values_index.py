"""Lists find the office's values by an index, built without holding anybody up."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


def values_index(name):
    columns = (models.F(f"field_{slot}") for slot in range(1, 21))
    kind = ArrayField(models.IntegerField())
    return GinIndex(models.Func(*columns, template="(ARRAY[%(expressions)s])", output_field=kind), name=name)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("determinations", "0045_office_fields")]

    operations = [
        AddIndexConcurrently("case", values_index("case_office_values")),
        AddIndexConcurrently("itemfact", values_index("fact_office_values")),
    ]
