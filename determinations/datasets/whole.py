"""A data set as a folder or as one ZIP file, there as a whole or not at all."""

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from determinations.browsing.exports import scratch_folder
from determinations.datasets.files import Format, Written, write_data_set


@contextmanager
def written_whole(folder: Path) -> Iterator[Path]:
    """A folder beside ``folder`` to write into, which takes its name at the end of the block.

    Raises ``FileExistsError`` if the name is taken. After any failure nothing is left.
    """
    if folder.exists():
        raise FileExistsError(folder)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield beside
        beside.rename(folder)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def write_zip(file: BinaryIO, form: Format, *, deidentified: bool) -> Written:
    """Write the data set as one ZIP file. Raises what :func:`write_data_set` raises."""
    with scratch_folder() as folder:
        written = write_data_set(folder, form, deidentified=deidentified)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in written.files:
                packed = path.suffix in (".parquet", ".xlsx")
                archive.write(path, path.name, zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED)
    return written
