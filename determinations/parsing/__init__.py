"""Reads a determination letter's text: plain Python, no database, no clock, no logging."""

from determinations.parsing.pipeline import parse_file, parse_letter

__all__ = ["PARSER_VERSION", "parse_file", "parse_letter"]

#: Rises whenever results change, so that letters read by an earlier version can be found and read again.
PARSER_VERSION = "1.15.5"
