"""Text of RTF: as it is shown, with check marks and choices."""

import pytest

from determinations.extraction.child import read_text
from determinations.extraction.results import LIMITS
from tests.extraction.formatted import text_of


def test_text_of_rtf() -> None:
    data = (
        rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\f0 Synthetic letter of \'93one\'94\par "
        rb"\trowd Case Number:\cell one\cell\row\pard {\pict\pngblip " + b"00ff" * 1000 + rb"}\page second\u8211?}"
    )
    extracted = read_text(data, LIMITS)
    assert extracted.text == "Synthetic letter of “one”\nCase Number:\tone\t\n\f second–"
    assert extracted.pages == 2


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        (rb"{Surgery is }{\deleted\revauthdel1 not }{necessary.}", "Surgery is necessary."),
        (rb"{Surgery is \deleted not \deleted0 necessary.}", "Surgery is necessary."),
        (rb"{Surgery is \v not{\b at all} \plain necessary.}", "Surgery is necessary."),
        (rb"{Surgery is }{\revised\revauth1 not }{necessary.}", "Surgery is not necessary."),
        (rb"{\deleted it\rquote s \'e1 \u8211? \{x\} }{Upheld}{\mvf  here}{\mvt  there}", "Upheld there"),
        (rb"{\deleted a{\deleted0 Upheld}b}.", "Upheld."),
        (rb"{\v{\*\unknown \plain settings}}Upheld", "Upheld"),
        (rb"{\vertalt\viewkind4 Upheld}", "Upheld"),
        (rb"\cs10 not \cs0 Upheld", "Upheld"),
        (rb"{\cs11 not }Upheld{\cs12 .}", "Upheld."),
        (rb"{\s1 hidden \v0 Upheld}", "Upheld"),
        (rb"{\s2 hidden \pard Upheld}", "Upheld"),
        (rb"{\s0 Upheld}", "Upheld"),
    ],
)
def test_rtf_is_read_as_it_is_shown(marked: bytes, text: str) -> None:
    styles = rb"{\stylesheet{Normal;}{\s1\v Hid;}{\s2\sbasedon1 HidToo;}{\*\cs10\v A;}{\*\cs11\sbasedon10 B;}"
    styles += rb"{\*\cs12\sbasedon10\v0 C;}{\*\ts11\tsrowd\v Table;}}"
    assert (
        text_of(rb"{\rtf1\ansi\ansicpg1252" + styles + rb"Synthetic: " + marked + rb"\par end}")
        == f"Synthetic: {text}\nend"
    )


FONTS = (
    rb"{\fonttbl{\f0\fswiss Arial;}{\f3\fbidi \froman\fcharset2\fprq2{\*\panose 05050102010706020507}Symbol;}"
    rb"{\f10\fnil\fcharset2\fprq2{\*\panose 05000000000000000000}Wingdings;}}"
)
CHOICES = rb"{\*\ffname D}{\*\ffl Upheld}{\*\ffl Overturned}"


def rtf_field(instruction: bytes, data: bytes = b"", result: bytes = b"") -> bytes:
    form = rb"{\*\formfield{" + data + b"}}" if data else b""
    return rb"{\field{\*\fldinst {" + instruction + form + rb"}}{\fldrslt {\f0\fs20 " + result + b"}}}"


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        (rb"Upheld {\f10\'a8} Overturned {\f10\fs24 \'fe}", "Upheld ☐ Overturned ☒"),
        (rb"{\loch\af10\dbch\af31505\hich\f10 \u-3842\'fe} Overturned", "☒ Overturned"),
        (rb"\f10 oq\f0 o {\f10 x\plain x}", "☐❑o ☒x"),
        (rb"{\f0\fs20 Symbol;}\f3 a date", "Symbol;a date"),
        (rb"VAS {\f3 \'b3} 5, 90{\f3\'b0} \'b0", "VAS ≥ 5, 90° °"),
        (rb"{\f10\'41}", "A"),
        (rtf_field(rb"FORMCHECKBOX ", rb"\fftype1\ffres1{\*\ffname E}") + b" Expedited", "☒ Expedited"),
        (rtf_field(rb"FORMCHECKBOX ", rb"\fftype1\ffres0{\*\ffname E}") + b" Expedited", "☐ Expedited"),
        (rtf_field(rb"FORMCHECKBOX ", rb"\fftype1\ffres25\ffdefres1"), "☒"),
        (
            b"Decision: " + rtf_field(rb"FORMDROPDOWN ", rb"\fftype2\ffres1\ffhaslistbox" + CHOICES),
            "Decision: Overturned",
        ),
        (rtf_field(rb"FORMDROPDOWN ", rb"\fftype2\ffres25" + CHOICES), "Upheld"),
        (rtf_field(rb"FORMDROPDOWN ", rb"\fftype2\ffres7" + CHOICES) + b"end", "end"),
        (rtf_field(rb"FORMDROPDOWN ", rb"\fftype2\ffres1" + CHOICES, b"Overturned"), "Overturned"),
        (rtf_field(rb'SYMBOL 254 \\f "Wingdings" \\s 10') + b" Overturned", "☒ Overturned"),
        (rtf_field(rb"FORMTEXT ", rb"\fftype0", b"Acme") + rtf_field(b"PAGE", b"", b"2"), "Acme2"),
    ],
)
def test_check_marks_and_choices_of_rtf_are_text(marked: bytes, text: str) -> None:
    read = text_of(rb"{\rtf1\ansi\ansicpg1252" + FONTS + rb"\f0 Synthetic letter: " + marked + rb"\par end}")
    assert read == f"Synthetic letter: {text}\nend"


def test_fonts_of_rtf_are_looked_for_with_work_that_grows_with_the_text() -> None:
    """A font of 2,000 words has no name; where each space had two meanings, there were 2 to the power of 2,000."""
    fonts = rb"{\fonttbl{\f1" + rb"\b " * 2_000 + rb"{}}{\f10\fcharset2 Wingdings;}}"
    assert text_of(rb"{\rtf1\ansi" + fonts + rb"Synthetic {\f10\'fe}}") == "Synthetic ☒"
