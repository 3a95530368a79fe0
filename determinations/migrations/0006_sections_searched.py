"""Sections named in citations are searched by parts of words: an index of their trigrams."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations

# PostgreSQL's own array_to_string depends on the element type and may not stand in an index; for text it never varies.
_WORDS = """
CREATE FUNCTION determinations_section_words(sections text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT array_to_string(sections, ' ') $$;
"""
_INDEX = """
CREATE INDEX citation_section_words ON determinations_citation
USING gin (upper(determinations_section_words(sections::text[])) gin_trgm_ops);
"""


class Migration(migrations.Migration):
    dependencies = [("determinations", "0005_browsing")]
    operations = [
        TrigramExtension(),
        migrations.RunSQL(_WORDS, "DROP FUNCTION determinations_section_words(text[])"),
        migrations.RunSQL(_INDEX, "DROP INDEX citation_section_words"),
    ]
