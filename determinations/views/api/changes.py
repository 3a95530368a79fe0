"""The change feed, for mirrors."""

from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router

from determinations.access import audit
from determinations.api.feed import CursorUnknown, current_cursor, read_changes
from determinations.models import ChangeKind, TokenScope
from determinations.views.api.answers import Reply
from determinations.views.api.case_schemas import WholeCase
from determinations.views.api.checks import needs
from determinations.views.api.lists import MOST_ROWS, check_parameters
from determinations.views.api.problems import Problem
from determinations.views.api.whole_cases import WholeCases, whole_cases
from determinations.views.api.writing import address

router = Router(tags=["Changes"])
NOW = "now"


class ChangeOut(Reply):
    """A case that changed. ``gone``: it was removed, or the account no longer sees it."""

    case: int
    address: str
    version: str = Field(description="changes with every change; of one case, later answers have later versions")
    kinds: list[ChangeKind] = Field(description="what changed: the case itself, work on it, or it is gone")
    gone: bool
    content: WholeCase | None = Field(
        default=None, description="the case, with `include=case`; null if it is gone or damaged"
    )
    damaged: bool = Field(
        default=False,
        description="with `include=case`: a stored text of the case is damaged. Keep what you have of it: once it is "
        "restored, it comes as a change",
    )


class ChangesOut(Reply):
    """Cases that changed, each once. Ask again with ``cursor`` as ``since``, at once if there are ``more``."""

    changes: list[ChangeOut]
    cursor: str
    more: bool


@router.get("/changes", response=ChangesOut, url_name="api_changes", openapi_extra={
    "responses": {410: {"description": "The cursor is not one of this feed: mirror all cases again"}}
})  # fmt: skip
@needs(TokenScope.READ, "browse_cases")
def list_changes(
    request: HttpRequest,
    since: Annotated[str, Query(min_length=1, max_length=80, description="“now”, or the cursor of an answer")],
    limit: Annotated[
        int, Query(ge=1, le=1_000, description="changes that one answer looks at; with cases, up to 100")
    ] = 500,
    include: Annotated[Literal["", "case"], Query(description="`case`: each change has the case in it")] = "",
) -> ChangesOut:
    """Cases that changed since a cursor: read, corrected, removed, or worked on. No change is passed over.

    To mirror all cases, take the cursor of `since=now`, read all pages of cases, and then follow the changes. Changes
    of transactions that still run, and of all that began after the oldest of these, come with a later answer.
    """
    check_parameters(request, ("since", "limit", "include"))
    if since == NOW:
        return ChangesOut(changes=[], cursor=current_cursor(), more=False)
    try:
        read = read_changes(since, min(limit, MOST_ROWS) if include else limit)
    except CursorUnknown:
        raise Problem(410, "This cursor is not one of this feed. Mirror all cases again, from “now”.") from None
    shown = [change.case_id for change in read.changes if not change.gone]
    audit.note(request, "list.viewed", letter_ids=shown, list="changes", rows=len(read.changes))
    whole = whole_cases(request, shown) if include else WholeCases([], [])
    included = {case.id: case for case in whole.cases}
    changes = [
        ChangeOut(
            case=change.case_id, address=address("api_case", change.case_id), version=change.version,
            kinds=sorted(change.kinds), gone=change.gone, content=included.get(change.case_id),
            damaged=change.case_id in whole.damaged,
        )
        for change in read.changes
    ]  # fmt: skip
    return ChangesOut(changes=changes, cursor=read.cursor, more=read.more)
