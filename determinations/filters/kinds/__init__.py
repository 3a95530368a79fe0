"""What each kind of dimension does: read its parameters, filter rows, count and offer its values.

``KINDS[dimension.kind]`` is the behavior; the dimension (``models.dimensions``) says which columns and words it uses.
"""

from collections.abc import Mapping

from determinations.filters.kinds import casework, columns, duties, guidelines, links, office_fields, retention
from determinations.filters.kinds.base import DimensionKind, Stored
from determinations.models.dimensions import Kind

__all__ = ["KINDS", "DimensionKind", "Stored"]

KINDS: Mapping[Kind, DimensionKind] = {
    Kind.CHOICE: columns.Choice(),
    Kind.TEXT: columns.Text(),
    Kind.CODES: columns.Codes(),
    Kind.YES_NO: columns.YesNo(),
    Kind.DECISION: columns.Decision(),
    Kind.AGE: columns.Age(),
    Kind.BANDS: columns.InBands(),
    Kind.FAMILIES: guidelines.Families(),
    Kind.NO_FAMILY: guidelines.NoFamily(),
    Kind.AUTHORITIES: guidelines.Authorities(),
    Kind.CATEGORY: columns.Category(),
    Kind.SUBCATEGORY: columns.Subcategory(),
    Kind.SECTION: guidelines.Section(),
    Kind.PERIOD: columns.Period(),
    Kind.UNDATED: columns.Undated(),
    Kind.SEVERAL_ITEMS: columns.SeveralItems(),
    Kind.CITED_PART: guidelines.CitedPart(),
    Kind.SUPERSEDED: guidelines.Superseded(),
    Kind.STANDING: guidelines.Standing(),
    Kind.DUTY: duties.DutyStates(),
    Kind.DUTY_RULE: duties.DutyRules(),
    Kind.DUTY_DUE: duties.DueKnown(),
    Kind.DUTY_OF: duties.DutyOf(),
    Kind.DUE: duties.Due(),
    Kind.OWNER: casework.Owner(),
    Kind.STATUS: casework.Status(),
    Kind.TAG: casework.Tags(),
    Kind.ADDED: casework.Added(),
    Kind.LETTERS: links.Letters(),
    Kind.OFFICE_FIELD: office_fields.OfficeFields(),
    Kind.TOLD: links.CasesOfNotification(),
    Kind.HELD: retention.Held(),
    Kind.ARCHIVED: retention.Archived(),
    Kind.UPLOAD: links.Upload(),
    Kind.PRINTED: links.Printed(),
    Kind.WORDS: links.Words(),
    Kind.REST: links.Rest(),
    Kind.BY_ITEM: links.ByItem(),
}
