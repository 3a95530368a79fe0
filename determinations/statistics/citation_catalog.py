"""The statistics about citations: what each side relies on, whether they agree, and how items were decided."""

from collections.abc import Callable, Iterable, Mapping

from determinations.models import DisputedItem
from determinations.models.authorities import Family
from determinations.parsing.results import SIDES
from determinations.statistics.definition import Filters, Statistic, label_from
from determinations.wording.labels import FAMILY_BITS, Labels

CITES_SOMETHING = [str(family) for family in Family]


#: Whatever is counted by family or agreement is counted by these, which have few different values together.
_COLUMNS = ("claims_families", "reviewer_families", "same_authority")


def families(bits: int) -> list[str]:
    """The families that one side cites, or ``none`` if it cites nothing; ``bits`` as in ``ItemFact``."""
    return [str(family) for family, bit in FAMILY_BITS.items() if bits & bit] or ["none"]


def _plain_families(item: DisputedItem, side: str) -> list[str]:
    return sorted({c.authority.family for c in item.citations.all() if c.side == side}) or ["none"]


def _plain_authorities(item: DisputedItem, side: str) -> set[str]:
    return {c.authority.key for c in item.citations.all() if c.side == side}


def _authority_keys(authorities: Iterable[int], labels: Labels) -> list[str]:
    return [labels.authority_by_id[pk].key for pk in authorities] or ["none"]


def _authority_label(key: str, labels: Labels) -> str:
    return "Nothing cited" if key == "none" else labels.of("authority", key)


def _authority_filter(side: str) -> Callable[[str], Filters]:
    def filters(key: str) -> Filters:
        return {f"{side}_family": ["none"]} if key == "none" else {f"{side}_authority": [key]}

    return filters


def _pairs(claims: int, reviewer: int, same: bool, labels: Labels) -> list[str]:
    return [
        f"{claims_family}|{reviewer_family}"
        for claims_family in families(claims)
        for reviewer_family in families(reviewer)
    ]


def _plain_pairs(item: DisputedItem) -> list[str]:
    claims, reviewer = (_plain_families(item, side) for side in SIDES)
    return [f"{claims_family}|{reviewer_family}" for claims_family in claims for reviewer_family in reviewer]


def _pair_filters(key: str) -> Filters:
    claims, reviewer = key.split("|")
    return {"claims_family": [claims], "reviewer_family": [reviewer]}


def _pair_label(key: str, labels: Labels) -> str:
    claims, reviewer = (labels.of("family", family) for family in key.split("|"))
    return f"Claims administrator: {claims}; reviewer: {reviewer}"


AGREEMENT: Mapping[str, tuple[str, Filters]] = {
    "same": ("Both sides cite, with an authority in common", {"same_guideline": ["yes"]}),
    "different": (
        "Both sides cite, with none in common",
        {"claims_family": ["any"], "reviewer_family": ["any"], "same_guideline": ["no"]},
    ),
    "claims": ("Only the claims administrator cites", {"claims_family": ["any"], "reviewer_family": ["none"]}),
    "reviewer": ("Only the reviewer cites", {"claims_family": ["none"], "reviewer_family": ["any"]}),
    "neither": ("Neither side cites", {"claims_family": ["none"], "reviewer_family": ["none"]}),
}


def _agreement(claims: int, reviewer: int, same: bool, labels: Labels) -> list[str]:
    if claims and reviewer:
        return ["same" if same else "different"]
    return ["claims" if claims else "reviewer" if reviewer else "neither"]


def _plain_agreement(item: DisputedItem) -> list[str]:
    claims, reviewer = _plain_authorities(item, "claims"), _plain_authorities(item, "reviewer")
    if not claims or not reviewer:
        return ["claims" if claims else "reviewer" if reviewer else "neither"]
    return ["same" if claims & reviewer else "different"]


SITUATIONS: Mapping[str, tuple[str, Filters]] = {
    "claims-nothing": ("The claims administrator cited nothing", {"claims_family": ["none"]}),
    "outside-mtus": (
        "The claims administrator cited sources outside the MTUS; the reviewer relied on the MTUS",
        {"claims_family": ["any"], "claims_without": ["mtus"], "reviewer_family": ["mtus"]},
    ),
    "nothing-but-mtus": (
        "The claims administrator cited nothing; the reviewer relied on the MTUS",
        {"claims_family": ["none"], "reviewer_family": ["mtus"]},
    ),
    "reviewer-nothing": ("The reviewer cited nothing", {"reviewer_family": ["none"]}),
    "every-item": ("All items, for comparison", {}),
}


def _situations(claims: int, reviewer: int, same: bool, labels: Labels) -> Iterable[str]:
    mtus = FAMILY_BITS[Family.MTUS]
    yield "every-item"
    if not claims:
        yield "claims-nothing"
    if reviewer & mtus and not claims & mtus:
        yield "outside-mtus" if claims else "nothing-but-mtus"
    if not reviewer:
        yield "reviewer-nothing"


def _plain_situations(item: DisputedItem) -> set[str]:
    claims, reviewer = _plain_families(item, "claims"), _plain_families(item, "reviewer")
    situations = {"every-item"}
    situations |= {"claims-nothing"} if claims == ["none"] else set()
    situations |= {"reviewer-nothing"} if reviewer == ["none"] else set()
    if "mtus" in reviewer and "mtus" not in claims:
        situations.add("nothing-but-mtus" if claims == ["none"] else "outside-mtus")
    return situations


_FAMILY_NOTE = "Counts items that cite the family at least once; an item that cites two families counts in both."
_AUTHORITY_NOTE = (
    "Counts items that cite the authority at least once; an item that cites two authorities counts in both."
)

CITATION_STATISTICS: tuple[Statistic, ...] = (
    Statistic(
        key="claims-family", label="Families cited by the claims administrator", group="Citations",
        columns=_COLUMNS, keys=lambda claims, reviewer, same, labels: families(claims),
        plain=lambda item: _plain_families(item, "claims"), filters=lambda key: {"claims_family": [key]},
        row_label=label_from("family"), several=True, order=[*CITES_SOMETHING, "none"], note=_FAMILY_NOTE,
    ),
    Statistic(
        key="reviewer-family", label="Families cited by the reviewer", group="Citations",
        columns=_COLUMNS, keys=lambda claims, reviewer, same, labels: families(reviewer),
        plain=lambda item: _plain_families(item, "reviewer"), filters=lambda key: {"reviewer_family": [key]},
        row_label=label_from("family"), several=True, order=[*CITES_SOMETHING, "none"], note=_FAMILY_NOTE,
    ),
    Statistic(
        key="claims-authority", label="Authorities cited by the claims administrator", group="Citations",
        columns=("claims_authority_ids",), keys=_authority_keys,
        plain=lambda item: _plain_authorities(item, "claims") or ["none"], filters=_authority_filter("claims"),
        row_label=_authority_label, several=True, note=_AUTHORITY_NOTE,
    ),
    Statistic(
        key="reviewer-authority", label="Authorities cited by the reviewer", group="Citations",
        columns=("reviewer_authority_ids",), keys=_authority_keys,
        plain=lambda item: _plain_authorities(item, "reviewer") or ["none"], filters=_authority_filter("reviewer"),
        row_label=_authority_label, several=True, note=_AUTHORITY_NOTE,
    ),
    Statistic(
        key="family-pair", label="Claims administrator and reviewer by family", group="Citations",
        columns=_COLUMNS, keys=_pairs, plain=_plain_pairs, filters=_pair_filters,
        row_label=_pair_label, several=True, note=_FAMILY_NOTE,
    ),
    Statistic(
        key="agreement", label="Agreement between both sides", group="Citations",
        columns=_COLUMNS, keys=_agreement, plain=_plain_agreement,
        filters=lambda key: AGREEMENT[key][1], row_label=lambda key, labels: AGREEMENT[key][0], order=list(AGREEMENT),
        note="The agreement rate is the first row as a share of the items for which both sides cite an authority.",
    ),
    Statistic(
        key="situation", label="Items with one side citing nothing, or sources outside the MTUS", group="Citations",
        columns=_COLUMNS, keys=_situations, plain=_plain_situations,
        filters=lambda key: SITUATIONS[key][1], row_label=lambda key, labels: SITUATIONS[key][0], several=True,
        order=list(SITUATIONS), note="Counts only the letters' guideline lines, not the narrative text.",
    ),
)  # fmt: skip

#: What these statistics are counted by.
GROUPINGS = tuple(dict.fromkeys(statistic.columns for statistic in CITATION_STATISTICS))
