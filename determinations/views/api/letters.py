"""Letters: uploaded in batches, followed, and their originals downloaded."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from ninja import Field, File, Form, Router
from ninja.files import UploadedFile as ReceivedFile
from pydantic import WithJsonSchema

from determinations.access import audit
from determinations.intake import opening
from determinations.intake.batches import (
    STATES_OF_FILES,
    STATES_OF_LETTERS,
    decided_in,
    files_of,
    letters_in,
    progress_of,
)
from determinations.intake.receiving import receive_upload
from determinations.intake.store_health import StoreUnavailable
from determinations.models import Letter, TokenScope, Upload, UploadedFile
from determinations.models.letters import Lane, LetterState
from determinations.paging.keyset import Order
from determinations.tasks import send_openings, send_waiting
from determinations.views.api.answers import Reply
from determinations.views.api.checks import needs
from determinations.views.api.lists import Limit, PageOut, check_parameters, keyset_page, neighbors
from determinations.views.api.problems import Problem
from determinations.views.api.writing import IDEMPOTENT, Done, address, contents_of, write
from determinations.views.cases.originals import letter_original
from determinations.views.intake.uploads import NoOffice, joined_batch, office_of
from determinations.views.requests import person_of
from determinations.wording.states import STATES

router = Router(tags=["Letters"])
_NEWEST = Order("id", descending=True, nullable=False)
LetterStates = Annotated[str, WithJsonSchema({"type": "string", "enum": ["", *STATES_OF_LETTERS]})]
FileStates = Annotated[str, WithJsonSchema({"type": "string", "enum": ["", *STATES_OF_FILES]})]
_AS_THEY_CAME = Order("received_at", nullable=False)


class LetterOut(Reply):
    """A letter and how far it is. ``case`` is its address as a case, null while there is none."""

    id: int
    state: str
    state_in_words: str
    is_open: bool = Field(description="it waits to be read, or is being read")
    message: str
    received_at: datetime
    finished_at: datetime | None
    pages: int | None
    media_type: str
    sha256: str = Field(description="of the file")
    part: int = Field(description="which letter of the file, from 1")
    layout: str
    parser_version: str
    case: str | None

    @classmethod
    def of(cls, letter: Letter) -> "LetterOut":
        """The letter as an answer."""
        return cls(
            id=letter.pk, state=letter.state, state_in_words=STATES[LetterState(letter.state)].label,
            is_open=letter.is_open, message=letter.message, received_at=letter.received_at,
            finished_at=letter.finished_at, pages=letter.pages, media_type=letter.media_type, sha256=letter.sha256,
            part=letter.part, layout=letter.layout, parser_version=letter.parser_version,
            case=address("api_case", letter.pk) if hasattr(letter, "case") else None,
        )  # fmt: skip


class LetterPage(PageOut):
    """A page of letters."""

    results: list[LetterOut]


class UploadOut(Reply):
    """A batch: how many of its files are where, and what its cases decide."""

    id: int
    url: str = Field(description="the page of the batch")
    by: str | None
    started_at: datetime
    files: int
    waiting: int
    duplicates: int
    refused: int
    by_state: dict[str, int]
    is_done: bool
    cases: int
    overturned: int
    partly: int


class FileOut(Reply):
    """A file of a batch, and the letter that it brought or already was."""

    id: int
    name: str
    size: int
    outcome: str = Field(description="accepted, duplicate, refused, or opening while it waits to be opened")
    reason: str
    message: str
    letter: LetterOut | None


class FilePage(PageOut):
    """A page of the files of a batch."""

    results: list[FileOut]


@router.get("/letters", response=LetterPage, url_name="api_letters")
@needs(TokenScope.UPLOAD, "upload_letters")
def list_letters(request: HttpRequest, state: LetterStates = "", layout: str = "", limit: Limit = 50) -> LetterPage:
    """Letters by state or layout, newest first; without either, those that need attention."""
    _check_states(request, STATES_OF_LETTERS)
    rows = letters_in(request.GET).select_related("case")
    page = keyset_page(request, rows, _NEWEST, limit, ("state", "layout"))
    audit.note_list(request, "letters", [letter.pk for letter in page.rows])
    return LetterPage(results=[LetterOut.of(letter) for letter in page.rows], **neighbors(request, page))


@router.post("/letters", response={201: Done}, url_name="api_letters", openapi_extra=IDEMPOTENT)
@needs(TokenScope.UPLOAD, "upload_letters")
def upload_letters(
    request: HttpRequest,
    files: list[ReceivedFile] = File(description="letters, archives, messages"),  # noqa: B008 - how ninja declares it
    office: int | None = Form(None, description="ID of the office that the letters belong to"),
    upload: int | None = Form(None, description="ID of one of your own batches of today, to add to it"),
) -> JsonResponse:
    """Upload letters as a batch, which is then read in the background. Identical files are stored once."""

    def receive() -> Done:
        try:
            joined = joined_batch(request)
            belongs = joined.office if joined else office_of(request)
            batch = receive_upload(by=person_of(request), files=files, office=belongs, upload=joined)
        except NoOffice as refusal:
            raise Problem(422, str(refusal)) from None
        return Done(id=batch.pk, address=address("api_upload", batch.pk), changed=len(files))

    content = contents_of(files, office, upload) if "Idempotency-Key" in request.headers else b""
    try:
        answer = write(request, 201, receive, content=content)
    except StoreUnavailable as fault:
        headers = {"Retry-After": "60"}
        raise Problem(503, f"Files cannot be received now. {fault} Then send them again.", headers=headers) from None
    for lane in Lane.values:
        send_waiting(lane)
    if opening.any_waiting():
        send_openings()
    return answer


@router.get("/letters/{int:letter_id}", response=LetterOut, url_name="api_letter")
@needs(TokenScope.READ, "upload_letters", "browse_cases")
def read_letter(request: HttpRequest, letter_id: int) -> LetterOut:
    """How far a letter is."""
    check_parameters(request, ())
    return LetterOut.of(get_object_or_404(Letter.objects.select_related("case"), pk=letter_id))


@router.get("/letters/{int:letter_id}/original", url_name="api_original", openapi_extra={
    "responses": {
        200: {"description": "the file", "content": {"application/octet-stream": {"schema": {}}}},
        409: {"description": "The stored file is missing or was changed"},
    }
})  # fmt: skip
@needs(TokenScope.ORIGINALS, "read_original")
def read_original(request: HttpRequest, letter_id: int) -> HttpResponseBase:
    """The original file, all of it, even if it holds other letters. Every download is recorded."""
    check_parameters(request, ())
    response = letter_original(request, letter_id)
    if response.status_code == 409:
        raise Problem(409, "The stored file is missing or was changed. Upload it again to restore it.")
    return response


@router.get("/uploads/{int:upload_id}", response=UploadOut, url_name="api_upload")
@needs(TokenScope.UPLOAD, "upload_letters")
def read_upload(request: HttpRequest, upload_id: int) -> UploadOut:
    """How far a batch is."""
    check_parameters(request, ())
    batch = get_object_or_404(Upload.objects.select_related("by"), pk=upload_id)
    progress, decided = progress_of(batch, now=timezone.now()), decided_in(batch)
    return UploadOut(
        id=batch.pk, url=reverse("upload_detail", args=[batch.pk]), by=batch.by.get_username() if batch.by else None,
        started_at=batch.started_at, files=progress.files, waiting=progress.waiting, duplicates=progress.duplicates,
        refused=progress.refused, by_state=dict(progress.by_state), is_done=not progress.waiting,
        cases=decided.cases, overturned=decided.overturned, partly=decided.partly,
    )  # fmt: skip


@router.get("/uploads/{int:upload_id}/files", response=FilePage, url_name="api_files")
@needs(TokenScope.UPLOAD, "upload_letters")
def list_files(
    request: HttpRequest, upload_id: int, state: FileStates = "", name: str = "", limit: Limit = 50
) -> FilePage:
    """The files of a batch as they came, with their letters; ``state`` may also be ``duplicate`` or ``refused``."""
    _check_states(request, STATES_OF_FILES)
    batch = get_object_or_404(Upload, pk=upload_id)
    rows = files_of(batch, request.GET).select_related("letter__case")
    page = keyset_page(request, rows, _AS_THEY_CAME, limit, ("state", "name"))
    audit.note_list(request, "uploaded files", [file.letter_id for file in page.rows if file.letter_id])
    return FilePage(results=[_file(file) for file in page.rows], **neighbors(request, page))


def _check_states(request: HttpRequest, known: Collection[str]) -> None:
    """Raises :class:`Problem` for a state that does not exist, which pages would leave out."""
    if not {*request.GET.getlist("state"), ""} <= {*known, ""}:
        raise Problem(422, "Some parameters are not valid.", errors=[("state", f"One of {', '.join(known)}.")])


def _file(file: UploadedFile) -> FileOut:
    return FileOut(
        id=file.pk, name=file.name, size=file.size, outcome=file.outcome, reason=file.reason, message=file.message,
        letter=LetterOut.of(file.letter) if file.letter else None,
    )  # fmt: skip
