"""Large uploads are kept in a private folder of their own until they have arrived.

A server that is killed leaves them behind; in a folder that nobody else uses they can be deleted (``leftovers``).
"""

import tempfile

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler

from determinations.intake.leftovers import uploading_folder


class _Uploading(TemporaryUploadedFile):
    def __init__(self, name: str, content_type: str, charset: str | None, extra: dict[str, bytes] | None) -> None:
        folder = uploading_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = tempfile.NamedTemporaryFile(dir=folder, suffix=".upload")  # noqa: SIM115 - closed with the upload
        UploadedFile.__init__(self, file, name, content_type, 0, charset, extra)


class UploadHandler(TemporaryFileUploadHandler):
    """Like Django's own, in our folder."""

    def new_file(
        self,
        field_name: str,
        file_name: str,
        content_type: str,
        content_length: int | None,
        charset: str | None = None,
        content_type_extra: dict[str, bytes] | None = None,
    ) -> None:
        """Begin a file."""
        details = field_name, file_name, content_type, content_length, charset, content_type_extra
        FileUploadHandler.new_file(self, *details)
        self.file = _Uploading(self.file_name or "", self.content_type or "", charset, content_type_extra)
