"""The label, explanation and next step of every state of a letter, for pages, filters and exports."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from determinations.models.letters import LetterState

#: open: waiting or in progress; done: nothing to do; look: needs review; stopped: no case exists yet.
Severity = Literal["open", "done", "look", "stopped"]


@dataclass(frozen=True, slots=True)
class StateWords:
    """A state as pages show it. ``retry``: whether processing the same file again can help."""

    label: str
    severity: Severity
    explanation: str
    next_step: str
    retry: bool = False


STATES: Mapping[str, StateWords] = {
    LetterState.RECEIVED: StateWords(
        "Received", "open", "The file is stored and waiting to be read.", "No action needed."
    ),
    LetterState.PARSING: StateWords("Parsing", "open", "The letter is being read.", "No action needed."),
    LetterState.SCAN_WAITING: StateWords(
        "Scanned, waiting to be read",
        "open",
        "The pages are pictures. Their text is recognized page by page, after other letters.",
        "No action needed.",
    ),
    LetterState.PARSED: StateWords("Parsed", "done", "All values were read with no doubts.", ""),
    LetterState.NEEDS_REVIEW: StateWords(
        "Needs review",
        "look",
        "The letter was read, but something is missing, doubtful or contradictory.",
        "Open the case and review the marked values.",
        retry=True,
    ),
    LetterState.UNKNOWN_LAYOUT: StateWords(
        "Unknown layout",
        "look",
        "This appears to be an IMR determination, but its layout cannot be read automatically.",
        "The letter is stored and searchable. Enter its values by hand.",
        retry=True,
    ),
    LetterState.NOT_DETERMINATION: StateWords(
        "Not a determination letter",
        "stopped",
        "The text does not look like an Independent Medical Review determination.",
        "Check that this is the right file. If it is a determination letter, try again or tell an administrator.",
        retry=True,
    ),
    LetterState.OTHER_PROGRAMME: StateWords(
        "Other type of review",
        "stopped",
        "A health plan's IMR, a bill review or a provider network's review, not a workers' compensation IMR.",
        "No action needed. This system holds workers' compensation IMR letters only.",
        retry=True,
    ),
    LetterState.NO_TEXT: StateWords(
        "No text",
        "stopped",
        "The pages have no text, and none was recognized in their pictures.",
        "Upload a better copy: the original from the regulator's website, or a new scan at 200 dots per inch or more. "
        "An administrator can also enter the values by hand.",
    ),
    LetterState.PASSWORD_NEEDED: StateWords(
        "Password needed",
        "stopped",
        "This file is password-protected.",
        "Save a copy without the password and upload that.",
    ),
    LetterState.DAMAGED: StateWords(
        "Damaged",
        "stopped",
        "The file cannot be opened. It is damaged, incomplete, or not the type its name says.",
        "Get a new copy of the file and upload it.",
        retry=True,
    ),
    LetterState.TOO_LARGE: StateWords(
        "Too large",
        "stopped",
        "The file is larger than any letter: too many bytes, too much text, or more than fits in memory.",
        "Upload only the letter, without attachments.",
        retry=True,
    ),
    LetterState.TOO_MANY_PAGES: StateWords(
        "Too many pages",
        "stopped",
        "The file has more pages than any letter.",
        "Upload only the letter, without attachments.",
    ),
    LetterState.TOO_SLOW: StateWords(
        "Too slow to read",
        "stopped",
        "Reading the file exceeded the time limit.",
        "Try again when the system is less busy. If it fails again, print the letter to a new PDF and upload that.",
        retry=True,
    ),
    LetterState.SET_ASIDE: StateWords(
        "Set aside",
        "stopped",
        "This letter could not be processed.",
        "Try again once. If it fails again, give its number to an administrator.",
        retry=True,
    ),
}

#: States from which staff can have the letter read again.
RETRY_STATES = tuple(state for state, words in STATES.items() if words.retry)
#: Final states without a case.
STOPPED_STATES = tuple(state for state, words in STATES.items() if words.severity == "stopped")


@dataclass(frozen=True, slots=True)
class RefusalWords:
    """Why a file was rejected on upload, and what to do."""

    label: str
    next_step: str


DOCUMENT_NEXT_STEP = "Open it in the program that created it, save it as PDF or plain text, and upload that copy."
#: For a document that was read and in which nothing identifies a letter.
NO_LETTER_NEXT_STEP = (
    "Check that this is the right file. If it is a determination letter, open it in the program that created it, save "
    "it as PDF, and upload that copy."
)

#: An archive or message of a batch that a worker has yet to open.
OPENING = StateWords(
    "Being opened",
    "open",
    "A worker takes the letters out of it. They are then listed in its place.",
    "No action needed.",
)

REFUSALS: Mapping[str, RefusalWords] = {
    "empty": RefusalWords("Empty file", "Get a new copy of the file."),
    "document": RefusalWords("Unsupported document", DOCUMENT_NEXT_STEP),
    "unsupported": RefusalWords("Unsupported file type", "Save the letter as PDF and upload that copy."),
    "too_large": RefusalWords("Too large", "Upload only the letter, without attachments."),
    "unreadable": RefusalWords(
        "Could not be opened", "Make sure the file opens on your computer, then upload it again."
    ),
    "opening_failed": RefusalWords(
        "Could not be opened", "Upload the files in it individually; if that fails, tell an administrator."
    ),
    "removed": RefusalWords("Removed before it was opened", "Upload it again if it is needed."),
    "erased": RefusalWords("Erased earlier", "Ask an administrator to allow this file again, if it has to be kept."),
    "password_needed": RefusalWords("Password needed", "Save a copy without a password and upload that copy."),
    "archive_in_archive": RefusalWords(
        "Too many archives or messages inside one another", "Save its contents as files and upload those."
    ),
    "archive_damaged": RefusalWords(
        "Damaged archive", "Get a new copy of the archive, or upload its files individually."
    ),
    "archive_empty": RefusalWords("Empty archive", "Check the contents of the archive."),
    "archive_method": RefusalWords("Unsupported compression", "Save the files as a standard ZIP."),
    "archive_too_large": RefusalWords("Contains too much data", "Upload the letters in smaller groups."),
    "archive_too_many": RefusalWords("Contains too many files", "Upload the letters in smaller groups."),
    "archive_bomb": RefusalWords("Unzips to too much data", "Upload the letter on its own."),
    "container_damaged": RefusalWords(
        "Damaged file", "Open it in the program that created it, save the letter or its attachments, and upload those."
    ),
    "container_empty": RefusalWords(
        "Empty message", "Check whether the message has attachments; if so, save them and upload those files."
    ),
    "not_enclosed": RefusalWords("Attachment not in the message", "Open the link, save the file and upload that."),
    "reader_broken": RefusalWords(
        "Could not be opened right now", "Upload the file again later; if it fails again, tell an administrator."
    ),
    "too_slow": RefusalWords("Takes too long to open", "Save the attachments and upload them individually."),
}
