"""Help inside the product: its pages as Markdown with their contents, search in them, and what is new.

Pages are written in ``pages/``; ``pages/contents.toml`` lists them in order. Words in bold are names of buttons and
labels: a test looks each up in the templates, so that a page whose product changed is noticed.
"""
