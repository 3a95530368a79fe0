"""First stage: the letter's text with its odd characters replaced, one for one, so that every offset stays true."""

#: Line ends of every kind become ``\n``; a form feed stays, because it marks a page edge.
_LINE_ENDS = "\r\v\x1c\x1d\x1e\x85\u2028\u2029"
#: pdfium gives U+FFFE or U+0002 for a line-end hyphen, by version and call; others the soft or non-breaking hyphen.
_HYPHENS = "\ufffe\x02\u00ad\u2010\u2011"
_SPACES = "\x00\t\x1f\ufeff\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200C)))
_PLAIN = ((_LINE_ENDS, "\n"), (_HYPHENS, "-"), (_SPACES, " "))
_PLAIN_OF_ASCII = tuple(("".join(filter(str.isascii, characters)), plain) for characters, plain in _PLAIN)


def clean_text(text: str) -> str:
    """The same text, of the same length: line ends as ``\\n``, hyphens as ``-``, odd spaces as spaces.

    What white space is left is a space, a line end or a form feed.
    """
    if "\r\n" in text:
        text = text.replace("\r\n", " \n")
    for characters, plain in _PLAIN_OF_ASCII if text.isascii() else _PLAIN:
        for character in characters:
            if character in text:
                text = text.replace(character, plain)
    return text
