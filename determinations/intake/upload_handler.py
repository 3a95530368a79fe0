"""Large uploads wait in the folder of the data, in files without a name that only this process can read.

A server that is killed leaves nothing behind that can be opened (``storage.scratch``).
"""

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from determinations.intake.leftovers import uploading_folder
from determinations.storage.scratch import ScratchFile


class UploadHandler(FileUploadHandler):
    """Streams an upload to disk."""

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
        super().new_file(field_name, file_name, content_type, content_length, charset, content_type_extra)
        folder = uploading_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.file = UploadedFile(
            ScratchFile(folder),  # type: ignore[arg-type]  # the stubs know files of text only
            self.file_name,
            self.content_type,
            0,
            self.charset,
            content_type_extra,
        )

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a part of the file."""
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        """The whole file, at its start."""
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self) -> None:
        """The browser went away."""
        if hasattr(self, "file"):
            self.file.close()
