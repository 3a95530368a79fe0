#!/usr/bin/env bash
# What surprises: zstandard unpacks a value with a different dictionary than it was packed with, raises nothing, and
# returns a different text. If the dictionary is a sample text, a common choice for many short texts of one form, and a
# word of the sample is edited, every stored text with that word changes: an approved request becomes a declined one.
# A sample has no number to compare (its frames say 0, as they do without a dictionary), and the library writes no
# checksum of the text by default. Trained dictionaries have a number, which is checked, and zlib checks a checksum of any
# dictionary, so a good engineer who has seen either one fail expects this to fail as well.
# The format's specification says that samples have no number, and the package's documentation that there is no checksum
# by default. Neither says what follows from the two. The zstd program does write a checksum by default. Remedy: pass
# write_checksum=True, and never edit a dictionary that values were packed with.
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
