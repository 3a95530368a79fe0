"""Database faults for letters that cannot be stored."""

from collections.abc import Callable

import pytest
from django.db import connection


@pytest.fixture
def refuse_document(db: None) -> Callable[[int], None]:
    """Make PostgreSQL refuse all documents of a letter until the end of the test."""

    def refuse(letter_id: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION refuse_document() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                " RAISE 'words of the letter' USING ERRCODE = 'check_violation'; END $$"
            )
            cursor.execute(
                "CREATE TRIGGER refuse_document BEFORE INSERT OR UPDATE ON determinations_parseddocument"
                f" FOR EACH ROW WHEN (NEW.letter_id = {int(letter_id)}) EXECUTE FUNCTION refuse_document()"
            )

    return refuse
