"""The process that opens messages and portfolios. Started and controlled by ``containers.reader.ContainerReader``.

``FORM SIZE`` opens the container in the shared memory and writes the files that it carries in its place, one after
the other. Like the child that reads text, it holds no secrets and opens nothing once its modules are loaded.
"""

import os
from collections.abc import Callable

import pypdfium2  # noqa: F401 - sets pdfium up
from PIL import Image

from determinations.extraction import formatted
from determinations.extraction.answering import Answer, answer_lines
from determinations.extraction.containers import mail
from determinations.extraction.containers.outlook import collect_from_outlook
from determinations.extraction.containers.portfolio import collect_from_pdf
from determinations.extraction.containers.results import Collection, ContainerRefused, Full, Opened
from determinations.extraction.containers.tnef import collect_from_tnef
from determinations.extraction.results import Limits

_TOO_LARGE = "Opening the file takes more memory than allowed."


def opened(form: str, data: bytes, limits: Limits) -> Opened:
    """The files of a message (``mail``, ``tnef`` or ``outlook``) or a ``pdf``. Raises ``ContainerRefused``."""
    collection = Collection(limits)
    is_cover = False
    try:
        match form:
            case "mail":
                mail.collect_from_mail(data, collection)
            case "tnef":
                collect_from_tnef(data, collection)
            case "outlook":
                collect_from_outlook(data, collection)
            case "pdf":
                is_cover = collect_from_pdf(data, collection)
            case _:
                raise ValueError(form)
    except Full:
        pass  # the last file says so
    except MemoryError:
        raise ContainerRefused("too_large", _TOO_LARGE) from None
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as fault:
        # Raised by the libraries on damaged files; files extracted before are kept.
        if not collection.files:
            raise ContainerRefused("container_damaged", "The file cannot be opened: it is damaged.") from fault
        collection.refuse(("(the rest)",), "container_damaged", "The rest of the file is damaged.")
    return Opened(tuple(collection.files), is_cover)


def _written(container: Opened, shared: int) -> Answer:
    os.ftruncate(shared, 0)
    at = 0
    for file in container.files:
        at += os.pwrite(shared, file.data, at)
    files = [(file.path, len(file.data), file.reason, file.message) for file in container.files]
    return {"files": files, "is_cover": container.is_cover}


def prepared(shared: int, limits: Limits) -> Callable[[str], Answer]:
    """Opens the container whose form and size a line gives."""
    Image.init()  # Pillow loads its file format readers on first use
    formatted.warm_up()
    mail.warm_up()

    def answer(line: str) -> Answer:
        form, size = line.split()
        try:
            return _written(opened(form, os.pread(shared, int(size), 0), limits), shared)
        except ContainerRefused as refusal:
            return {"reason": refusal.reason, "message": str(refusal)}

    return answer


def main() -> None:
    """Open containers, asked by ``containers.reader.ContainerReader``."""
    answer_lines(prepared, lambda limits: limits.memory_bytes, _TOO_LARGE)


if __name__ == "__main__":
    main()
