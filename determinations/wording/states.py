"""What each state of a letter means to people, with the next step: pages, filters and exports read it here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from determinations.models.letters import LetterState

#: open: work waits or goes on; done: nothing to do; look: a person should look; stopped: there is no case yet.
Severity = Literal["open", "done", "look", "stopped"]


@dataclass(frozen=True, slots=True)
class StateWords:
    """A state as pages show it. ``retry`` tells whether reading the same file again can help."""

    label: str
    severity: Severity
    explanation: str
    next_step: str
    retry: bool = False


STATES: Mapping[str, StateWords] = {
    LetterState.RECEIVED: StateWords(
        "Received", "open", "The file is stored and waits for a worker.", "Nothing to do."
    ),
    LetterState.PARSING: StateWords("Parsing", "open", "A worker reads the letter now.", "Nothing to do."),
    LetterState.PARSED: StateWords("Parsed", "done", "Every value was read without a doubt.", ""),
    LetterState.NEEDS_REVIEW: StateWords(
        "Needs review",
        "look",
        "The letter was read, and something in it is missing, doubtful or contradicts itself.",
        "Open the case and settle what is marked.",
        retry=True,
    ),
    LetterState.UNKNOWN_LAYOUT: StateWords(
        "Layout not known",
        "look",
        "The text speaks of an IMR determination, in a layout that the parser cannot read.",
        "The letter is kept and can be searched. Enter its fields by hand.",
        retry=True,
    ),
    LetterState.NOT_DETERMINATION: StateWords(
        "Not a determination letter",
        "stopped",
        "Nothing in the text marks an Independent Medical Review determination.",
        "Check that this is the right file. If it is one after all, have it read again or tell an administrator.",
        retry=True,
    ),
    LetterState.OTHER_PROGRAMME: StateWords(
        "Another programme's review",
        "stopped",
        "A health plan's IMR, a bill review or a network's review: not a workers' compensation IMR.",
        "Nothing to do here; it belongs in another collection.",
        retry=True,
    ),
    LetterState.NO_TEXT: StateWords(
        "Scanned, no text",
        "stopped",
        "The pages are pictures without text.",
        "Upload a copy with text: the original from the regulator's site, or one that went through text recognition. "
        "An administrator can also enter the values by hand from the pages.",
    ),
    LetterState.PASSWORD_NEEDED: StateWords(
        "Password needed",
        "stopped",
        "The file opens with a password only.",
        "Save a copy without the password and upload that.",
    ),
    LetterState.DAMAGED: StateWords(
        "Damaged",
        "stopped",
        "The file cannot be opened: it is damaged, cut short, or not what it says it is.",
        "Get the file again from where it came and upload that.",
        retry=True,
    ),
    LetterState.TOO_LARGE: StateWords(
        "Too large",
        "stopped",
        "The file holds more than a letter can: more bytes, more text, or more than memory allows.",
        "Upload the letter alone, without its attachments.",
        retry=True,
    ),
    LetterState.TOO_MANY_PAGES: StateWords(
        "Too many pages",
        "stopped",
        "The file has more pages than a letter can have.",
        "Upload the letter alone, without its attachments.",
    ),
    LetterState.TOO_SLOW: StateWords(
        "Too slow to read",
        "stopped",
        "Reading the file took longer than it may.",
        "Have it read again when the machine is less busy. If it happens again, print the letter to a new PDF.",
        retry=True,
    ),
    LetterState.SET_ASIDE: StateWords(
        "Set aside",
        "stopped",
        "Reading this letter failed in a way that is not its reader's fault.",
        "Have it read again once. If it comes back here, tell an administrator its number.",
        retry=True,
    ),
}

#: States in which a person may have the letter read again.
RETRY_STATES = tuple(state for state, words in STATES.items() if words.retry)
#: States that end the walk without a case.
STOPPED_STATES = tuple(state for state, words in STATES.items() if words.severity == "stopped")


@dataclass(frozen=True, slots=True)
class RefusalWords:
    """Why a file was not taken in at all, and what to do."""

    label: str
    next_step: str


DOCUMENT_NEXT_STEP = "Open it where it was written, export it as PDF or save it as plain text, and upload that."

REFUSALS: Mapping[str, RefusalWords] = {
    "empty": RefusalWords("Empty file", "Get the file again from where it came."),
    "document": RefusalWords("A word processor's document", DOCUMENT_NEXT_STEP),
    "unsupported": RefusalWords("Not PDF, text or ZIP", "Save the letter as PDF and upload that."),
    "too_large": RefusalWords("Too large", "Upload the letter alone, without its attachments."),
    "unreadable": RefusalWords("Could not be opened", "Check that the file can be opened, and upload it again."),
    "password_needed": RefusalWords("Password needed", "Unpack the archive and upload the files without password."),
    "archive_in_archive": RefusalWords("Archive in an archive", "Unpack it and upload what it holds."),
    "archive_damaged": RefusalWords("Damaged archive", "Get the archive again, or upload its files by themselves."),
    "archive_empty": RefusalWords("Empty archive", "Check what was packed."),
    "archive_method": RefusalWords("Packed in another way", "Pack the files as an ordinary ZIP."),
    "archive_too_large": RefusalWords("Archive too large", "Pack fewer files in one archive."),
    "archive_too_many": RefusalWords("Too many files in the archive", "Pack fewer files in one archive."),
    "archive_bomb": RefusalWords("Unpacks to far too much", "Upload the letter by itself."),
}
