"""Sets of the items that are found by what is not among their columns: names of sections cited, and words.

PostgreSQL's index names such items only one by one, from blocks all over the table. So a column file has, beside the
sets of ``columns.sets``, one for each name of a section that a side cites, and for each of the words that people
search for: those that name categories, and the most frequent of requests. A word has a set for each field of the
letter that it may be in. Sets are read when they are asked for, and a process keeps those that were asked for last. A
word without sets is told by PostgreSQL.

A set is gathered after the rest of the file was written. That is exact: an item that changed since is in the log, and
what changed since the file's horizon is never told by a set. Items that are the same have the same words and
citations, as facts are replaced with these (``models.found_by``).
"""
