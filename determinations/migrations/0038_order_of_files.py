"""Files of a batch are listed by arrival, the letters of one file together; built without holding anybody up."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("determinations", "0037_search_words")]

    operations = [
        AddIndexConcurrently(
            model_name="uploadedfile",
            index=models.Index(fields=["upload", "received_at", "id"], name="uploaded_file_arrival"),
        ),
    ]
