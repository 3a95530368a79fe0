"""What words of letters and words typed into the search box have in common: one normal form of text, in plain Python.

``pieces`` knows single words, ``terms`` what is written in several ways, and ``normal_form`` turns text into slots.
``vectors`` makes the search vectors that are stored, ``query`` reads what was typed, ``tsquery`` asks PostgreSQL for
it, ``matches`` shows where it matched, in what ``read_text`` reads. Nothing here depends on Django,
on the database or on its locale.
"""
