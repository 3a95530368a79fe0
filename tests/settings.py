"""Settings for tests: services of their own in a folder that goes with the run, and quick passwords.

With ``DATABASE_URL`` or ``REDIS_URL`` set, the tests use those servers (a test database beside the named one).
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def _remove_at_exit(folder: str, process: int) -> None:
    """Remove the folder when the process that made it ends; a forked child leaves it alone."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)


if "IMRSITE_TEST_DIR" not in os.environ:  # the first process of the run; xdist's workers inherit it
    os.environ["IMRSITE_TEST_DIR"] = tempfile.mkdtemp(prefix="imrsite-test-")
    atexit.register(_remove_at_exit, os.environ["IMRSITE_TEST_DIR"], os.getpid())
TEST_DIR = Path(os.environ["IMRSITE_TEST_DIR"])
XDIST = os.environ.get("PYTEST_XDIST_WORKER", "")  # gw0, gw1 ...: each has its own database, queues and files
os.environ["IMRSITE_STATE_DIR"] = str(TEST_DIR / "state")
os.environ["DATA_DIR"] = str(TEST_DIR / f"files{XDIST}")
os.environ.setdefault("FILE_KEYS", "b25seS1mb3ItdGVzdHMtMDEyMzQ1Njc4OS0wMTIzNDU=")
os.environ.setdefault("SECRET_KEY", "only-for-tests-0123456789-0123456789-0123456789")

from imrsite.local import embedded  # noqa: E402 - after what the lines above set

_services = embedded.addresses(TEST_DIR / "state")
os.environ.setdefault("DATABASE_URL", _services.database_url)
if os.environ.setdefault("REDIS_URL", _services.redis_url).startswith(_services.redis_url):
    os.environ["REDIS_URL"] = f"{_services.redis_url}?db={2 * int(XDIST.removeprefix('gw') or 0)}"

from imrsite.settings import *  # noqa: E402, F403 - the product's settings, changed below

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"  # noqa: F405 - of the product's settings
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
DATABASES["default"]["ENGINE"] = "tests.postgresql"  # noqa: F405 - of the product's settings
# After a test that commits the tables are emptied, which the database otherwise refuses for append-only records.
_options = DATABASES["default"]["OPTIONS"]  # noqa: F405 - of the product's settings
# A test is one transaction, which waits while a page is recognized or a letter read, on a busy machine for minutes.
_for_tests = "-c imrsite.tests_empty_tables=yes -c idle_in_transaction_session_timeout=20min"
_options["options"] = f"{_options.get('options', '')} {_for_tests}".strip()
