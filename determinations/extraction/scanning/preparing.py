"""Prepares a page's picture for reading: turned upright, straightened, despeckled, light print darkened."""

import itertools
import math
from typing import NamedTuple

from PIL import Image, ImageChops, ImageOps

from determinations.extraction.scanning.engine import Engine, mean_confidence

#: The resolution that the engine reads best: usual letters are some 20 pixels high.
DPI = 200
_WHITE = 255
#: The width in pixels at which turns and angles are judged.
_SMALL = 480
_COARSE = tuple(range(-5, 6))
_FINE = (-0.6, -0.4, -0.2, 0.0, 0.2, 0.4, 0.6)
#: The engine tolerates a smaller skew.
_STRAIGHT = 0.25
#: A line of text across the page shows at least so much more strongly than one down the page.
_ACROSS = 1.1
_SURE = 80.0
#: So many lines are read to tell up from down; the height of a line in pixels.
_FEW = 3
_LOWEST_LINE, _HIGHEST_LINE = 8, 60
#: Of the pixels of a page, so many are dots by themselves where the line or the glass was bad.
_DOTTED, _VERY_DOTTED = 0.00015, 0.002


class Prepared(NamedTuple):
    """A picture to read. ``turn``: degrees clockwise that made it upright; ``skew``: counterclockwise, after that."""

    picture: Image.Image
    turn: int
    skew: float


def prepare(picture: Image.Image, engine: Engine) -> Prepared:
    """Prepare the gray picture of a page for reading."""
    picture = cleaned(ImageOps.autocontrast(picture, cutoff=(0.5, 0.5)))
    small = _small(picture)
    across, down = _leveled(small), _leveled(small.transpose(Image.Transpose.ROTATE_270))
    turn, skew = (90, down.degrees) if down.banding > across.banding * _ACROSS else (0, across.degrees)
    picture = turned(picture, turn)
    if abs(skew) >= _STRAIGHT:
        picture = picture.rotate(skew, Image.Resampling.BICUBIC, fillcolor=_WHITE)
    else:
        skew = 0.0
    if _is_upside_down(picture, engine):
        return Prepared(turned(picture, 180), turn + 180, skew)
    return Prepared(picture, turn, skew)


def turned(picture: Image.Image, degrees: int) -> Image.Image:
    """The picture turned clockwise by 0, 90, 180 or 270 degrees."""
    turns = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
    return picture.transpose(turns[degrees]) if degrees else picture


def cleaned(picture: Image.Image) -> Image.Image:
    """The picture without isolated dots; unchanged if it has hardly any."""
    share = _share_of_dots(picture)
    if share < _DOTTED:
        return picture
    return _without_dots(picture, company=2 if share < _VERY_DOTTED else 3)


class _Leveled(NamedTuple):
    """The degrees, counterclockwise, that make the lines of a picture level, and how clearly they show then."""

    banding: float
    degrees: float


def _leveled(small: Image.Image) -> _Leveled:
    coarse = max(_Leveled(_banding(small, degrees), degrees) for degrees in _COARSE)
    fine = max(_Leveled(_banding(small, coarse.degrees + step), coarse.degrees + step) for step in _FINE)
    return _Leveled(max(coarse.banding, fine.banding), round(fine.degrees, 1))


def _is_upside_down(picture: Image.Image, engine: Engine) -> bool:
    """Read a few lines, and read them upside down if they make no sense."""
    lines = _few_lines(picture)
    sure = mean_confidence(engine.read_block(lines, DPI))
    return sure < _SURE and mean_confidence(engine.read_block(turned(lines, 180), DPI)) > sure


def _few_lines(picture: Image.Image) -> Image.Image:
    """The few lines of the picture, level as it is, with the most print."""
    rows = picture.resize((1, picture.height), Image.Resampling.BOX).tobytes()
    ink = [_WHITE - value for value in rows]
    least = max(ink) / 8
    lines, start = [], None
    for row, darkness in enumerate([*ink, 0]):
        if darkness > least and start is None:
            start = row
        elif darkness <= least and start is not None:
            if _LOWEST_LINE <= row - start <= _HIGHEST_LINE:
                lines.append((start, row))
            start = None
    if len(lines) < _FEW:
        return picture
    groups = [lines[at : at + _FEW] for at in range(len(lines) - _FEW + 1)]
    groups = [group for group in groups if group[-1][1] - group[0][0] < _FEW * 2 * _HIGHEST_LINE]
    if not groups:
        return picture
    best = max(groups, key=lambda group: sum(sum(ink[top:bottom]) for top, bottom in group))
    return picture.crop((0, max(0, best[0][0] - 8), picture.width, best[-1][1] + 8))


def _small(picture: Image.Image) -> Image.Image:
    """A small picture of the same page, dark on light made light on dark, without its margins' dust."""
    height = max(1, round(picture.height * _SMALL / picture.width))
    return ImageOps.invert(picture.resize((_SMALL, height), Image.Resampling.BOX))


def _banding(small: Image.Image, degrees: float) -> float:
    """How strongly rows of print and of nothing alternate when the picture is turned by these degrees."""
    rotated = small.rotate(degrees, Image.Resampling.BILINEAR) if degrees else small
    rows = rotated.resize((1, rotated.height), Image.Resampling.BOX).tobytes()
    return math.fsum((above - below) ** 2 for above, below in itertools.pairwise(rows))


def _share_of_dots(picture: Image.Image) -> float:
    """The share of dark pixels with no dark neighbor, in the middle of the page."""
    wide, high = picture.size
    sample = picture.crop((wide // 4, high // 4, wide * 3 // 4, high // 2))
    alone = ImageChops.subtract(_darkest(sample, 1), sample)
    return sum(alone.histogram()[96:]) / max(1, sample.width * sample.height)


def _without_dots(picture: Image.Image, company: int) -> Image.Image:
    """Dark specks of fewer than ``company`` neighboring pixels made light, and light ones in print made dark.

    Specks are what is not near a pixel with so many dark neighbors, so that no stroke gets thinner.
    """
    print_left = ImageChops.lighter(picture, _darkest(picture, company))
    for _ in range(company - 1):
        print_left = ImageChops.lighter(picture, _darkest(print_left, 0))
    lightest = ImageChops.invert(_darkest(ImageChops.invert(print_left), company - 1))
    return ImageChops.darker(print_left, lightest)


def _darkest(picture: Image.Image, rank: int) -> Image.Image:
    """For each pixel the darkest value of it and its neighbors (rank 0), the second darkest (1), and so on.

    Pillow's own filter takes twenty times as long.
    """
    darkest: list[Image.Image] = []
    for across, down in itertools.product((-1, 0, 1), repeat=2):
        other = ImageChops.offset(picture, across, down)
        for at, dark in enumerate(darkest):
            darkest[at], other = ImageChops.darker(dark, other), ImageChops.lighter(dark, other)
        if len(darkest) <= rank:
            darkest.append(other)
    return darkest[rank]
