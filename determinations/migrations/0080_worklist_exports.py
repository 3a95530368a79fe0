from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("determinations", "0079_count_letters"),
    ]

    operations = [
        migrations.AlterField(
            model_name="export",
            name="list_name",
            field=models.CharField(
                choices=[
                    ("cases", "Cases"),
                    ("items", "Items"),
                    ("decisions", "Decisions"),
                    ("data_set", "Data set"),
                    ("report", "Report"),
                    ("worklist", "Worklist"),
                ],
                max_length=12,
            ),
        ),
    ]
