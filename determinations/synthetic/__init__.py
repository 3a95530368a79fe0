"""Synthetic determination letters, for the demo, the tests and the benchmarks.

All people, claims and sentences are invented. Every letter says so in its text, its file name and its PDF properties.
Case numbers are ``CM14-9000000`` and up, a range that real letters do not reach.
"""

from determinations.synthetic.cases import statewide_date
from determinations.synthetic.demo import demo_files
from determinations.synthetic.letters import SyntheticLetter, write_letter, write_letters
from determinations.synthetic.notice import write_notice
from determinations.synthetic.pdf import letter_pdf

__all__ = [
    "SyntheticLetter", "demo_files", "letter_pdf", "statewide_date", "write_letter", "write_letters", "write_notice",
]  # fmt: skip
