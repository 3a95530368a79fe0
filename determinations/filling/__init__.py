"""Fills a database with synthetic letters for benchmarks, many times faster than uploads: ``load_synthetic``.

Letters are written, parsed and merged by the functions that read uploads; only the way into the tables differs. Rows
are copied in bulk, without looking for earlier rows, and large indexes are built at the end. A test compares every
table with one that was filled by reading the same letters as files.
"""
