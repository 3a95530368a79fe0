"""Synthetic determination letters, for the demo, the tests and the benchmarks.

Every person, claim and sentence is invented; each letter says so in its text, its file name and its PDF's properties.
Case numbers are ``CM14-9000000`` and up, a range that real letters do not reach.
"""

from determinations.synthetic.letters import SyntheticLetter, write_letter, write_letters

__all__ = ["SyntheticLetter", "write_letter", "write_letters"]
