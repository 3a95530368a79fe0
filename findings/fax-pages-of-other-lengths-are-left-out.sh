#!/usr/bin/env bash
# What surprises: imread of tifffile, and of imageio, which uses it once it is installed, returns some of the pages of a
# fax, and says nothing. Both read the pages that have the size of the first one. Scanned documents have pages of one size.
# Faxed ones do not: a fax machine sends as many lines as the sheet is long, so a cover slip or a letter of legal length
# differs from the rest. Of the fax below, page 2 is missing, and page 3 takes its place: it is the decision.
#   - imiter of imageio, which its documentation describes as going through the images one by one, returns two images for
#     three pages;
#   - a fax whose pages happen to have one length is read in full, so a test with a scanned letter passes.
# A good engineer expects all pages, or an error, as from NumPy for arrays of different shapes; or the first page alone, as
# from imageio without tifffile. tifffile groups pages by their shape and calls such a group a series. Remedy: go through
# TiffFile(path).pages, or the frames of Pillow.
#
# Versions: tifffile 2026.3.3, imageio 2.38.1, imagecodecs 2026.3.6, Pillow 13.0.0. Output seen:
#   Pillow: 3 pages: cover slip, decision, rationale
#   tifffile, imread: 2 pages: cover slip, rationale
#   imageio, imread: 2 pages: cover slip, rationale
#   imageio, imiter: 2 images
#   imageio, imread, plugin="pillow": 1 pages: cover slip
#   tifffile, all of one length: 3 pages: cover slip, decision, rationale
#   tifffile, TiffFile.pages: 3 pages: cover slip, decision, rationale
#   warnings: 0, log lines: 0
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check tifffile==2026.3.3 imageio==2.38.1 \
    imagecodecs==2026.3.6 pillow==13.0.0
cd "$folder"

cat >pages.py <<'PYTHON'
import logging
import warnings
from collections.abc import Iterable

import imageio.v3 as imageio
import numpy
import tifffile
from PIL import Image, ImageSequence

TITLES = ("cover slip", "decision", "rationale")
WIDTH = 1728  # dots, of a fax of letter size
SHORT, LETTER = 700, 1078  # lines of a sheet, 98 to an inch


def write_fax(lengths: tuple[int, ...]) -> None:
    """Page 1 has one black dot in its first line, page 2 has two, page 3 has three."""
    pages = [Image.new("1", (WIDTH, length), 1) for length in lengths]
    for number, page in enumerate(pages, 1):
        page.paste(0, (0, 0, number, 1))
    pages[0].save("fax.tif", save_all=True, append_images=pages[1:], compression="group4", dpi=(204, 98))


def show(reader: str, pages: Iterable[object]) -> None:
    """The titles of the pages, by their black dots."""
    arrays = [numpy.asarray(page) for page in pages]
    titles = [TITLES[int((array[0] == 0).sum()) - 1] for array in arrays]
    print(f"{reader}: {len(titles)} pages: {', '.join(titles)}")


class Lines(logging.Handler):
    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        Lines.count += 1


logging.getLogger().addHandler(Lines())
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", UserWarning)
    write_fax((SHORT, LETTER, SHORT))
    with Image.open("fax.tif") as fax:
        show("Pillow", ImageSequence.Iterator(fax))
    show("tifffile, imread", tifffile.imread("fax.tif"))
    show("imageio, imread", imageio.imread("fax.tif"))
    print("imageio, imiter:", sum(1 for _ in imageio.imiter("fax.tif")), "images")
    show('imageio, imread, plugin="pillow"', [imageio.imread("fax.tif", plugin="pillow")])
    write_fax((LETTER, LETTER, LETTER))
    show("tifffile, all of one length", tifffile.imread("fax.tif"))
    write_fax((SHORT, LETTER, SHORT))
    with tifffile.TiffFile("fax.tif") as fax:
        show("tifffile, TiffFile.pages", [page.asarray() for page in fax.pages])
    print(f"warnings: {len(caught)}, log lines: {Lines.count}")
PYTHON
expected="Pillow: 3 pages: cover slip, decision, rationale
tifffile, imread: 2 pages: cover slip, rationale
imageio, imread: 2 pages: cover slip, rationale
imageio, imiter: 2 images
imageio, imread, plugin=\"pillow\": 1 pages: cover slip
tifffile, all of one length: 3 pages: cover slip, decision, rationale
tifffile, TiffFile.pages: 3 pages: cover slip, decision, rationale
warnings: 0, log lines: 0"
seen=$("$folder/venv/bin/python" pages.py)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."
