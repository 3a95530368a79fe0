"""The actions of the audit trail in words."""

ACTIONS = {
    "authority.added": "added an authority",
    "calendar.created": "created a calendar address",
    "calendar.read": "read a calendar",
    "calendar.revoked": "revoked a calendar address",
    "case.assigned": "assigned a case",
    "case.change_undone": "undid a change of a case",
    "case.status_set": "set the status of a case",
    "case.tagged": "changed the tags of a case",
    "case.viewed": "viewed a case",
    "duty.assigned": "assigned a duty",
    "duty.closed": "closed a duty",
    "duty.reopened": "reopened a duty",
    "duty.services_set": "set whether services were provided",
    "lessons.exported": "exported lessons from corrections",
    "letter.corrected": "corrected a letter",
    "letter.pages_set": "set the pages of a letter",
    "letter.removed": "removed a letter",
    "letters.compared": "decided on possible duplicates",
    "letters.retried": "had letters read again",
    "letters.uploaded": "uploaded letters",
    "list.exported": "exported a list",
    "note.added": "added a note to a case",
    "note.edited": "edited a note",
    "original.downloaded": "opened an original file",
    "pages.opened": "viewed the pages of a letter",
    "pair.opened": "compared two letters",
    "receipt.entered": "entered when a letter was received",
    "reparse.paused": "paused a reparse run",
    "reparse.previewed": "previewed a reparse run",
    "reparse.started": "started a reparse run",
    "reparse.stopped": "stopped a reparse run",
    "report.answered": "answered a problem report",
    "review.assigned": "assigned a review",
    "review.opened": "opened a letter for review",
    "review.snoozed": "snoozed a review",
    "statistics.exported": "exported statistics",
}


def label_of_action(action: str) -> str:
    """The action in words, as it follows a user's name."""
    return ACTIONS.get(action, action.replace(".", " ").replace("_", " "))
