"""What words of letters and words typed into the search box have in common: one normal form of text, in plain Python.

``normal_form`` turns text into slots, ``terms`` knows what is written in several ways, ``vectors`` makes the search
vectors that are stored, ``query`` reads what was typed, ``tsquery`` asks PostgreSQL for it, ``matches`` shows where it
matched. Nothing here depends on Django, on the database or on its locale.
"""
