"""The actions of the audit trail in words."""

ACTIONS = {
    "access.refused": "was refused a page",
    "alert.closed": "closed an alert",
    "audit.exported": "exported the audit trail",
    "audit.retired": "removed old events from the audit trail",
    "backup.restored": "restored a backup",
    "authority.added": "added an authority",
    "batch.moved": "moved a batch to other offices",
    "calendar.created": "created a calendar address",
    "calendar.read": "read a calendar",
    "calendar.revoked": "revoked a calendar address",
    "case.assigned": "assigned a case",
    "case.change_undone": "undid a change of a case",
    "case.printed": "printed a case",
    "case.status_set": "set the status of a case",
    "case.tagged": "changed the tags of a case",
    "case.archived": "archived a case",
    "case.restored": "brought a case back from the archive",
    "case.viewed": "viewed a case",
    "data_set.written": "wrote the data set",
    "disclosures.exported": "exported the disclosures of a case",
    "disclosures.viewed": "viewed the disclosures of a case",
    "cases.archived": "archived cases by the rule",
    "duty.assigned": "assigned a duty",
    "duty.closed": "closed a duty",
    "duty.document_attached": "attached a document to a duty",
    "duty.document_downloaded": "downloaded a document of a duty",
    "duty.document_removed": "removed a document of a duty",
    "duty.reopened": "reopened a duty",
    "duty.services_set": "set whether services were provided",
    "duty_rules.changed": "changed rules of duties",
    "export.downloaded": "downloaded an export",
    "export.requested": "requested an export",
    "factor.added": "added a second factor",
    "factor.removed": "removed a second factor",
    "factor.renewed": "made new recovery codes",
    "factor.reset": "reset a user's second factor",
    "form.sent": "sent a form",
    "erased.allowed": "allowed an erased file again",
    "hold.placed": "placed a legal hold",
    "hold.released": "released a legal hold",
    "lessons.exported": "exported lessons from corrections",
    "letter.corrected": "corrected a letter",
    "letter.erased": "erased a letter",
    "letter.moved": "moved a letter to other offices",
    "letter.pages_set": "set the pages of a letter",
    "letter.removed": "removed a letter",
    "letters.compared": "decided on possible duplicates",
    "letters.retried": "had letters read again",
    "letters.unopened_removed": "removed an archive or message before it was opened",
    "letters.unpacked": "had letters taken out of an archive or message",
    "letters.uploaded": "uploaded letters",
    "link.sent": "was sent a link to choose a password",
    "view.shared": "shared a saved view with a role",
    "watch.began": "began to watch",
    "watch.ended": "stopped watching",
    "list.exported": "exported a list",
    "list.viewed": "viewed a list",
    "note.added": "added a note to a case",
    "note.edited": "edited a note",
    "office_field.changed": "set up a field of the office",
    "office_import.applied": "applied an import of office fields",
    "office_import.discarded": "discarded an import of office fields",
    "office_import.undone": "undid an import of office fields",
    "office_import.uploaded": "uploaded a table of office fields",
    "office_value.merged": "merged two values of an office field",
    "office_value.parted": "parted two values of an office field",
    "office_values.edited": "edited the office's fields of a case",
    "original.bundled": "put an original file into a ZIP file",
    "list.moved": "moved the letters of a list to other offices",
    "office.added": "added an office",
    "office.changed": "changed an office",
    "original.downloaded": "opened an original file",
    "original.refused": "was refused an original file",
    "page.viewed": "viewed a page of a case",
    "pages.downloaded": "downloaded the pages of a letter",
    "pages.opened": "viewed the pages of a letter",
    "pair.opened": "compared two letters",
    "password.changed": "changed the password",
    "password.chosen_by_link": "chose a password through a link",
    "password.issued": "issued a password",
    "person.activated": "activated an account",
    "person.added": "added an account",
    "person.changed": "changed an account",
    "person.connected": "connected a company account",
    "person.deactivated": "deactivated an account",
    "person.unlocked": "unlocked a user's sign-in",
    "policy.changed": "changed the sign-in rules",
    "person.limited": "changed whose letters an account sees",
    "receipt.entered": "entered when a letter was received",
    "reparse.paused": "paused a reparse run",
    "reparse.previewed": "previewed a reparse run",
    "reparse.started": "started a reparse run",
    "reparse.stopped": "stopped a reparse run",
    "report.answered": "answered a problem report",
    "review.assigned": "assigned a review",
    "review.change_undone": "undid a change of reviews",
    "review.opened": "opened a letter for review",
    "review.snoozed": "snoozed a review",
    "role.changed": "changed a role",
    "limit.kept": "stayed without a limit to offices as the last administrator",
    "role.kept": "kept a role against the identity provider",
    "search.made": "searched",
    "search.suggested": "was shown suggestions while typing",
    "session.ended": "ended sessions",
    "settings.added": "added a setting",
    "settings.changed": "changed a setting",
    "settings.deleted": "deleted a setting",
    "signin.code_failed": "entered a wrong code",
    "signin.delayed": "must wait after failed sign-ins",
    "signin.ended": "signed out",
    "signin.expired": "was signed out after the time limit",
    "signin.failed": "failed to sign in",
    "signin.held": "tried to sign in while attempts were not checked",
    "signin.passkey_failed": "failed to sign in with a passkey",
    "signin.refused": "was refused at sign-in",
    "signin.succeeded": "signed in",
    "statistics.exported": "exported statistics",
    "statistics.viewed": "viewed statistics",
    "token.created": "made an access token",
    "token.refused": "used an access token that had ended",
    "token.revoked": "revoked an access token",
    "webhook.created": "added a webhook",
    "webhook.sent_again": "had a webhook's delivery sent again",
    "webhook.stopped": "stopped a webhook",
}

_SIGN_IN = ("signin", "session", "factor", "password", "link", "token")
_ACCOUNTS = ("person", "role", "policy")
_OPERATION = ("settings", "duty_rules", "authority", "reparse", "audit", "alert", "calendar", "webhook")
_VIEWING = ("viewed", "opened", "printed", "downloaded", "made", "read")


def group_of_action(action: str) -> str:
    """The group that an action is searched by."""
    subject, _, verb = action.partition(".")
    if subject in _SIGN_IN:
        return "Sign-in and sessions"
    if subject in _ACCOUNTS:
        return "Accounts and roles"
    if verb == "exported" or subject == "export":
        return "Exports"
    if verb == "refused":
        return "Refused"
    if subject in _OPERATION:
        return "Settings and operation"
    return "Viewing" if verb in _VIEWING else "Changes of cases and letters"


def label_of_action(action: str) -> str:
    """The action in words, as it follows a user's name."""
    return ACTIONS.get(action, action.replace(".", " ").replace("_", " "))
