"""Rows that the parser's data files stand for: authorities and treatment categories. Run after every migrate."""

from typing import Any

from determinations.models import Authority, Category
from determinations.parsing.categories import CATEGORIES
from determinations.parsing.citations.normalise import authorities


def plant_rows(**details: Any) -> None:
    """Add what is missing; rows that staff edited stay as they are."""
    Authority.objects.bulk_create(
        (
            Authority(
                key=each.key,
                family=each.family,
                title=each.title,
                acoem_chapter=each.acoem_chapter,
                valid_from=each.valid_from,
                valid_to=each.valid_to,
            )
            for each in authorities()
        ),
        ignore_conflicts=True,
    )
    Category.objects.bulk_create(
        (
            Category(name=category.name, subcategory=subcategory, description=description)
            for category in CATEGORIES.values()
            for subcategory, description in category.subcategories.items()
        ),
        ignore_conflicts=True,
    )
