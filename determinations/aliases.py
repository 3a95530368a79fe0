"""Printed forms of guidelines that administrators mapped to authorities."""

from determinations.models import AuthorityAlias


def aliases_in_force() -> dict[str, str]:
    """The authority's key by the normalised printed form: what ``parse_letter`` and ``read_guideline`` take."""
    return dict(AuthorityAlias.objects.filter(active=True).values_list("normalised", "authority__key"))
