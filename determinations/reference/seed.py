"""Seeds the tables of guidelines, categories and section labels from the parser's data after every migration.

Existing rows are left alone, because an administrator may have corrected a title or a date. They are looked up first:
an insert with a conflict would use up an ID, and these tables have two-byte IDs.
"""

from django.db import connections

from determinations.models import Authority, Category, SectionName
from determinations.parsing.categories import CATEGORIES
from determinations.parsing.citations import authorities
from determinations.reference.section_labels import relabel_sections


def seed_reference_tables(using: str = "default", **details: object) -> None:
    """Add missing authorities and categories, and update the labels of section names.

    A receiver of ``post_migrate``; safe to run again.
    """
    tables = connections[using].introspection.table_names()
    if Authority._meta.db_table not in tables or Category._meta.db_table not in tables:
        return  # migrated back to before these tables existed
    _seed_authorities(using)
    _seed_categories(using)
    if _has_labels(using, tables):
        relabel_sections(using)


def _has_labels(using: str, tables: list[str]) -> bool:
    table = SectionName._meta.db_table
    if table not in tables:
        return False
    with connections[using].cursor() as cursor:
        columns = connections[using].introspection.get_table_description(cursor, table)
    return "label" in {column.name for column in columns}


def _seed_authorities(using: str) -> None:
    known = set(Authority.objects.using(using).values_list("key", flat=True))
    Authority.objects.using(using).bulk_create(
        Authority(
            key=entry.key,
            family=entry.family,
            title=entry.title,
            acoem_chapter=entry.acoem_chapter,
            valid_from=entry.valid_from,
            valid_to=entry.valid_to,
        )
        for entry in authorities()
        if entry.key not in known
    )


def _seed_categories(using: str) -> None:
    known = set(Category.objects.using(using).values_list("name", "subcategory"))
    Category.objects.using(using).bulk_create(
        Category(name=category.name, subcategory=subcategory, description=description)
        for category in CATEGORIES.values()
        for subcategory, description in category.subcategories.items()
        if (category.name, subcategory) not in known
    )
