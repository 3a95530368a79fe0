#!/usr/bin/env bash
# What surprises: zstandard unpacks a text with another dictionary than it was packed with, raises nothing, and returns
# another text. If the dictionary is a sample text, as is usual for many short texts of one form, and somebody edits a
# word of the sample, then every stored text that has the word has the new one: an approved request was declined.
# A sample has no number that could be compared (a frame says 0 for it, as for no dictionary at all), and the library
# writes no checksum of the text unless told to. A trained dictionary has a number, which is checked, and zlib compares a
# checksum of any dictionary: a good engineer who has seen either fail expects this to fail.
# That a sample has no number is in the format's specification, and that there is no checksum by default in the package's
# documentation; neither says what follows from both. The zstd program writes a checksum by default. Pass
# write_checksum=True, and never edit a dictionary that something was packed with.
#
# Version: zstandard 0.25.0. Output seen:
#   packed: Request 1 is approved. The claims administrator authorizes it.
#   unpacked with the edited sample: Request 1 is declined. The claims administrator authorizes it.
#   with write_checksum=True: ZstdError
#   trained dictionaries: ZstdError
#   zlib: error
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check zstandard==0.25.0
cat >"$folder/texts.py" <<'PYTHON'
import zlib

import zstandard
from zstandard import ZstdCompressionDict, ZstdCompressor, ZstdDecompressor, ZstdError

SAMPLE = b"Request is approved. The claims administrator authorizes it."
EDITED = SAMPLE.replace(b"approved", b"declined")
TEXT = b"Request 1 is approved. The claims administrator authorizes it."


def unpacked(before: ZstdCompressionDict, after: ZstdCompressionDict, **options: bool) -> str:
    packed = ZstdCompressor(dict_data=before, **options).compress(TEXT)
    try:
        return ZstdDecompressor(dict_data=after).decompress(packed).decode()
    except ZstdError as error:
        return type(error).__name__


def unpacked_by_zlib() -> str:
    packer = zlib.compressobj(zdict=SAMPLE)
    packed = packer.compress(TEXT) + packer.flush()
    try:
        return zlib.decompressobj(zdict=EDITED).decompress(packed).decode()
    except zlib.error as error:
        return type(error).__name__


def trained(word: str) -> ZstdCompressionDict:
    samples = [f"Request {n} is {word} for {n % 7} weeks. ".encode() * 9 for n in range(400)]
    return zstandard.train_dictionary(2_048, samples)


sample, edited = ZstdCompressionDict(SAMPLE), ZstdCompressionDict(EDITED)
print("packed:", TEXT.decode())
print("unpacked with the edited sample:", unpacked(sample, edited))
print("with write_checksum=True:", unpacked(sample, edited, write_checksum=True))
print("trained dictionaries:", unpacked(trained("approved"), trained("declined")))
print("zlib:", unpacked_by_zlib())
PYTHON
expected="packed: Request 1 is approved. The claims administrator authorizes it.
unpacked with the edited sample: Request 1 is declined. The claims administrator authorizes it.
with write_checksum=True: ZstdError
trained dictionaries: ZstdError
zlib: error"
seen=$("$folder/venv/bin/python" "$folder/texts.py")
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { printf 'Changed: expected\n%s\n' "$expected" >&2; exit 1; }
echo "As stated."
