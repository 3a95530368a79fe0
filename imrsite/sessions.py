"""Sessions in the database, read by a statement that is written out: every request reads one."""

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import connection
from django.utils import timezone

_READ = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s"


class SessionStore(DatabaseStore):
    """Django's sessions in the database."""

    def _validate_session_key(self, key: str) -> bool:
        """A cookie can hold a NUL, which PostgreSQL takes in no text."""
        valid = super()._validate_session_key(key)  # type: ignore[misc]  # the stubs lack it
        return bool(valid) and "\0" not in key

    def load(self) -> dict[str, Any]:
        """What the session holds; nothing, under a new key, for one that does not exist or has expired."""
        with connection.cursor() as cursor:
            cursor.execute(_READ, [self.session_key, timezone.now()])
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row[0])
