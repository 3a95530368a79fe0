"""The grounds that a decision can have: what each is called and what it means."""

from collections.abc import Mapping
from dataclasses import dataclass

from determinations.parsing.results import Decision


@dataclass(frozen=True, slots=True)
class GroundKind:
    """A ground. ``decision`` is the decision it supports, None for either; ``meaning`` completes "because"."""

    code: str
    decision: Decision | None
    label: str
    meaning: str


_UPHELD = (
    ("not_recommended", "Not recommended", "the guideline or the evidence does not recommend this treatment at all"),
    (
        "criteria_not_met",
        "Criteria not met",
        "it is recommended only under conditions which this patient does not show or which are not documented",
    ),
    (
        "first_line_not_tried",
        "First-line treatment not tried",
        "conservative, first-line or less costly treatment was not tried or not shown to have failed",
    ),
    ("exceeds_limits", "Beyond limits", "quantity, frequency, duration or dose is beyond the guideline"),
    ("no_benefit_shown", "No benefit shown", "earlier use has no documented objective improvement or relief"),
    ("not_documented", "Not documented", "a rationale, a report or a specification of the request is missing"),
    ("no_evidence", "No evidence", "guidelines are silent or studies are insufficient, and this is the reason"),
    ("risk", "Risk outweighs benefit", "side effects, dependence, interactions or a contraindication outweigh"),
    ("parent_not_necessary", "Depends on a denied item", "it depends on an item that is itself not necessary"),
    ("already_done", "Already provided", "it was already provided, is a duplicate, or is too soon to repeat"),
    ("not_medical", "Not medical treatment", "it is not a medical treatment"),
)
_OVERTURNED = (
    ("recommended", "Recommended", "the guideline recommends it for this condition"),
    ("criteria_met", "Criteria met", "the stated conditions are documented in this patient"),
    ("first_line_failed", "First-line treatment failed", "conservative or first-line treatment was tried and failed"),
    ("within_limits", "Within limits", "quantity, duration or dose is within the guideline"),
    ("benefit_shown", "Benefit shown", "earlier use has objective improvement or relief"),
    ("parent_necessary", "Needed with an approved item", "it is needed with a procedure or drug that is necessary"),
    (
        "evidence_beyond_guideline",
        "Evidence beyond the guideline",
        "evidence, standard of care or judgment goes beyond or against the guideline",
    ),
    ("monitoring_needed", "Monitoring needed", "it is needed for safety, monitoring or follow-up"),
)
_KINDS = (
    *(GroundKind(code, "upheld", label, meaning) for code, label, meaning in _UPHELD),
    *(GroundKind(code, "overturned", label, meaning) for code, label, meaning in _OVERTURNED),
    GroundKind("other", None, "Other ground", "a reason of another kind"),
)

#: The first version of the parser that read grounds.
_SINCE = (1, 8, 0)


def reads_grounds(parser_version: str) -> bool:
    """Whether this version of the parser read grounds; a letter read by an earlier one has none until read again."""
    parts = parser_version.split(".")
    return not all(part.isdigit() for part in parts) or tuple(map(int, parts)) >= _SINCE


#: Every ground by its code, the commonest reasons of each side first.
GROUNDS: Mapping[str, GroundKind] = {kind.code: kind for kind in _KINDS}
