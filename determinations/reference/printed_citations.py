"""The work list for aliases: printed citations whose authority is unknown, or known by an alias."""

from collections.abc import Mapping

from determinations.models import (
    AuthorityAlias,
    PrintedCitation,
)
from determinations.models.any_of import AnyOf
from determinations.parsing.citations import normalized_form
from determinations.parsing.citations.printed_names import authority
from determinations.parsing.results import SIDES, LetterRecord


def write_printed_citations(documents: Mapping[int, LetterRecord]) -> None:
    """Replace the rows of these letters in the work list for aliases."""
    aliases = dict(AuthorityAlias.objects.filter(active=True).values_list("normalised", "authority__key"))
    PrintedCitation.objects.filter(AnyOf("letter", documents)).delete()
    rows = []
    for pk, document in documents.items():
        for item in document["items"]:
            for side in SIDES:
                for citation in item[side]:
                    form, key = normalized_form(citation["text"]), citation["authority"]
                    aliased = any(target == key and f" {alias} " in f" {form} " for alias, target in aliases.items())
                    if form and (aliased or is_unknown(key)):
                        rows.append(
                            PrintedCitation(
                                letter_id=pk,
                                path=f"items/{item['number']}/{side}",
                                printed=citation["text"][:500],
                                normalised=form[:500],
                                authority_key=key,
                                aliased=aliased,
                            )
                        )
    PrintedCitation.objects.bulk_create(rows)


def is_unknown(authority_key: str) -> bool:
    """Whether the parser found a citation but could not identify the authority."""
    if authority_key in ("other/unrecognised", "other/web-page"):
        return True
    return authority_key.startswith("other/") and authority(authority_key) is None
