"""The state's published figures and the validity of guideline editions, to begin with: administrators edit both."""

from datetime import date

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

DRUGS = "Pharmaceuticals"
#: year: (source, {figure: value}, note). Shares are percent; opioids are percent of the drug requests.
YEARLY: dict[int, tuple[str, dict[str, float], str]] = {
    2014: (
        "CWCI 2015",
        {"letters": 137781, "items": 260889, "overturned": 9.0, "drugs": 45},
        "a later CWCI count gives 143,983 letters",
    ),
    2015: (
        "CWCI 2016",
        {"letters": 163826, "items": 304000, "overturned": 11.4, "drugs": 50, "opioids": 40, "several_items": 39},
        "requests: more than 304,000; DWC gives 9 to 11% overturned",
    ),
    2016: (
        "DWC report 2017",
        {"letters": 176002, "overturned": 8.4, "opioids": 30},
        "CWCI gives 8.8% overturned",
    ),
    2017: (
        "DWC report 2018",
        {"letters": 172194, "overturned": 8.3, "drugs": 42.6, "opioids": 29.3},
        "CWCI gives 8.8% overturned",
    ),
    2018: ("DWC report 2019", {"letters": 184733, "overturned": 10.3, "drugs": 42, "opioids": 33}, ""),
    2019: (
        "DWC report 2020",
        {"letters": 164000, "items": 261708, "overturned": 10.4, "drugs": 36.7, "opioids": 33},
        "letters: about; requests: primary ones only; CWCI gives 11.6% overturned",
    ),
    2020: (
        "DWC report 2021",
        {"letters": 136740, "items": 215788, "overturned": 9.5, "drugs": 34, "opioids": 30},
        "",
    ),
    2021: ("CWCI", {"letters": 133494, "items": 209782, "drugs": 35}, "drug share: about"),
    2022: ("CWCI", {"letters": 127215, "drugs": 33.9}, "drug share: first half of the year"),
    2023: ("DWC report 2024", {"letters": 130774, "overturned": 10.2, "drugs": 31, "opioids": 26}, ""),
    2024: ("DWC report 2025", {"letters": 141621, "overturned": 12.7, "drugs": 32.7, "opioids": 23.91}, ""),
}
#: year, figure, category, subcategory, percent, source
OF_CATEGORIES = [
    (2017, "items_per_letter", "", "", 1.8, "CWCI"),
    (2018, "items_per_letter", "", "", 1.8, "CWCI"),
    (2018, "share", "Diagnostic Testing", "", 16, "DWC report 2019"),
    (2018, "share", "Rehabilitation", "", 15, "DWC report 2019"),
    (2018, "overturned", "Evaluation & Management", "", 18, "DWC report 2019"),
    (2018, "overturned", "Psych Services", "", 22, "DWC report 2019"),
    (2024, "share", "Diagnostic Testing", "", 11.6, "DWC report 2025"),
    (2024, "share", "Rehabilitation", "", 21.5, "DWC report 2025"),
    (2024, "overturned", "Evaluation & Management", "", 23.1, "DWC report 2025"),
    (2024, "share_of_drugs", DRUGS, "Topical Analgesics", 17.44, "DWC report 2025"),
    (2024, "share_of_drugs", DRUGS, "Muscle Relaxants", 16.31, "DWC report 2025"),
]
#: Chapters of ACOEM's second edition (2004), in force in the MTUS from 2007-06-15 until ACOEM's newer ones replaced
#: them on 2017-12-01 (DWC's order adopting updates to treatment guidelines, November 2017).
CHAPTERS_2004 = [
    "general-approaches", "neck-upper-back", "shoulder", "forearm-wrist-hand", "low-back", "knee", "ankle-foot",
    "stress", "eye",
]  # fmt: skip
ADOPTED_2017 = "DWC order of November 2017: ACOEM guidelines adopted into the MTUS on 2017-12-01"
#: authority, edition, in force from, to, source
EDITIONS = [
    *((f"mtus/{key}", "2004", date(2007, 6, 15), date(2017, 11, 30), ADOPTED_2017) for key in CHAPTERS_2004),
    ("mtus/elbow", "2007", date(2009, 7, 18), date(2017, 11, 30), ADOPTED_2017),
    (
        "mtus/chronic-pain", "2009", date(2009, 7, 18), date(2016, 7, 28),
        "updated Chronic Pain guidelines in force on 2016-07-28, for requests from 2016-07-29",
    ),
    ("mtus/chronic-pain", "2016", date(2016, 7, 29), date(2017, 11, 30), ADOPTED_2017),
    ("mtus/chronic-pain", "2017", date(2017, 12, 1), None, ADOPTED_2017),
    ("mtus/opioids", "2016", date(2016, 7, 29), date(2017, 11, 30), ADOPTED_2017),
    ("mtus/opioids", "2017", date(2017, 12, 1), None, ADOPTED_2017),
]  # fmt: skip


def seed(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Only what is not there: an edited row stays as it is."""
    figure = apps.get_model("determinations", "StatewideFigure")
    rows = [
        (year, *_PLACE.get(name, (name, "", "")), value, source, note)
        for year, (source, values, note) in YEARLY.items()
        for name, value in values.items()
    ]
    rows += [(*row, "") for row in OF_CATEGORIES]
    for year, name, category, subcategory, value, source, note in rows:
        figure.objects.get_or_create(
            year=year, figure=name, category=category, subcategory=subcategory,
            defaults={"value": value, "source": source, "note": note},
        )  # fmt: skip
    edition = apps.get_model("determinations", "EditionValidity")
    for authority, name, valid_from, valid_to, source in EDITIONS:
        edition.objects.get_or_create(
            authority_id=authority, edition=name,
            defaults={"valid_from": valid_from, "valid_to": valid_to, "source": source},
        )  # fmt: skip
    apps.get_model("determinations", "StatisticsLimits").objects.get_or_create(pk=1)


_PLACE = {"drugs": ("share", DRUGS, ""), "opioids": ("share_of_drugs", DRUGS, "Opioids")}


class Migration(migrations.Migration):
    dependencies = [("determinations", "0009_citation_facts")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
