"""What values mean: authorities, grounds, categories, problems, the office's own fields."""

from django.http import HttpRequest
from ninja import Field, Router

from determinations.filters.lookups import Lookups
from determinations.models import TokenScope
from determinations.office_fields.registry import edited_fields, seen_fields
from determinations.parsing.grounds import GROUNDS
from determinations.views.api.answers import Reply
from determinations.views.api.checks import needs
from determinations.views.api.lists import check_parameters
from determinations.views.requests import person_of
from determinations.wording.labels import read_labels

router = Router(tags=["Reference"])


class AuthorityOut(Reply):
    """A guideline or another source that letters cite."""

    key: str = Field(description="as filters have it, such as mtus/low-back")
    family: str
    title: str
    name: str


class GroundOut(Reply):
    """A reason why items are decided as they are."""

    code: str
    label: str
    meaning: str
    decision: str | None = Field(description="the decision that it supports; null for either")


class CategoryOut(Reply):
    """A category of treatment and one of its subcategories."""

    key: str
    category: str
    subcategory: str


class OfficeFieldOut(Reply):
    """A field of the office's own that the user sees."""

    slot: int
    key: str
    name: str
    kind: str
    choices: list[str]
    filter: str = Field(description="the parameter of lists")
    may_edit: bool


@router.get("/authorities", response=list[AuthorityOut], url_name="api_authorities")
@needs(TokenScope.READ, "browse_cases", "view_statistics")
def list_authorities(request: HttpRequest) -> list[AuthorityOut]:
    """All authorities."""
    check_parameters(request, ())
    names = read_labels().authorities
    return [AuthorityOut(key=one.key, family=one.family, title=one.title, name=str(one)) for one in names]


@router.get("/categories", response=list[CategoryOut], url_name="api_categories")
@needs(TokenScope.READ, "browse_cases", "view_statistics")
def list_categories(request: HttpRequest) -> list[CategoryOut]:
    """All categories with their subcategories."""
    check_parameters(request, ())
    names = read_labels().categories
    return [CategoryOut(key=one.key, category=one.name, subcategory=one.subcategory) for one in names]


@router.get("/grounds", response=list[GroundOut], url_name="api_grounds")
@needs(TokenScope.READ, "browse_cases", "view_statistics")
def list_grounds(request: HttpRequest) -> list[GroundOut]:
    """All grounds."""
    check_parameters(request, ())
    return [
        GroundOut(code=kind.code, label=kind.label, meaning=kind.meaning, decision=kind.decision)
        for kind in GROUNDS.values()
    ]


@router.get("/office-fields", response=list[OfficeFieldOut], url_name="api_office_fields")
@needs(TokenScope.READ, "browse_cases")
def list_office_fields(request: HttpRequest) -> list[OfficeFieldOut]:
    """The office's own fields that the user sees."""
    check_parameters(request, ())
    user = person_of(request)
    seen = seen_fields(user, Lookups(user=user).labels.office_fields)
    edited = {field.slot for field in edited_fields(user, seen)}
    return [
        OfficeFieldOut(
            slot=field.slot, key=field.key, name=field.name, kind=field.kind, choices=field.choices,
            filter=field.column, may_edit=field.slot in edited,
        )
        for field in seen
    ]  # fmt: skip
