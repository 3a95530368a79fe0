"""Settings of imrsite: one file, values from the environment.

Without ``DATABASE_URL`` and ``REDIS_URL``, every command uses the embedded services of the state folder, which
``demo`` or ``services`` started.
"""

import socket
import sys
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from redis.backoff import NoBackoff
from redis.retry import Retry

from imrsite import env, keepalive, limits, store_address
from imrsite.local import embedded

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = env.folder("IMRSITE_STATE_DIR", BASE_DIR / ".state")
EMBEDDED = embedded.addresses(STATE_DIR)

# Where everything runs

DEBUG = env.flag("DEBUG")
SECRET_KEY = env.secret("SECRET_KEY", kept_in=STATE_DIR / "secret_key")
SECRET_KEY_FALLBACKS = env.names("SECRET_KEY_FALLBACKS")  # earlier keys, while what they signed is still in use
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS")
PROGRAM_VERSION = env.text("IMRSITE_VERSION", "0.1.0")  # as in pyproject.toml, or what an image was built from
HOST_NAME = env.text("HOST_NAME") or socket.gethostname()  # as the status page lists this host
ADMIN_PATH = env.text("ADMIN_PATH", "admin").strip("/") + "/"
ROOT_URLCONF = "imrsite.urls"
WSGI_APPLICATION = "imrsite.wsgi.application"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_tables2",
    "django_filters",
    "django_htmx",
    "determinations",
]
MIDDLEWARE = [
    "determinations.views.operations.probes.answer_probes",
    "imrsite.middleware.follow_requests",
    "determinations.views.api.middleware.answer_with_problems",
    "django.middleware.security.SecurityMiddleware",
    "imrsite.middleware.CompressPages",
    "imrsite.middleware.content_security_policy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "determinations.views.api.middleware.sign_in_by_token",
    "determinations.views.audit.middleware.audit_requests",
    "determinations.views.typed_forms.KeepTyped",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "imrsite.middleware.refuse_large_bodies",
    "imrsite.middleware.no_store",
    "determinations.views.access.middleware.session_ends",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "determinations.views.access.middleware.meet_demands",
    "determinations.views.access.middleware.LimitToScope",
    "determinations.views.browsing.short_addresses.short_addresses",
    "imrsite.errors.UnreadableRequests",
    "imrsite.middleware.Busy",
    "imrsite.store_faults.StoreFaults",
    "determinations.views.operations.replica.ReadFromReplica",
    "determinations.views.sent_forms.CarryOutOnce",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["determinations.templatetags.addresses"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "determinations.views.frame.frame",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.append("django.forms")  # its templates, which the renderer above uses after ours

# Database: PostgreSQL 15 or newer

DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **env.database("DATABASE_URL", EMBEDDED.database_url),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
# A web server sets this itself (wsgi.py): a longer statement is stopped, and the user is asked to try again.
STATEMENT_SECONDS = env.number("STATEMENT_SECONDS", 0)
DATABASES["default"]["OPTIONS"] = keepalive.for_database(
    limits.database_options(DATABASES["default"]["OPTIONS"], STATEMENT_SECONDS)
)
# A hot standby that lists, search, statistics and exports read from while it is at most so far behind.
if env.text("REPLICA_URL"):
    DATABASES["replica"] = {**DATABASES["default"], **env.database("REPLICA_URL", "")}
    DATABASES["replica"]["OPTIONS"] = keepalive.for_database(
        limits.database_options({"connect_timeout": "2", **DATABASES["replica"]["OPTIONS"]}, STATEMENT_SECONDS)
    )
    DATABASES["replica"]["TEST"] = {"MIRROR": "default"}
REPLICA_MAX_LAG_SECONDS = env.number("REPLICA_MAX_LAG_SECONDS", 30, least=1)
# Web servers and workers connect to a pooler in transaction mode; what needs a session goes to DATABASE_URL, as do all
# commands (imrsite/connections.py, imrsite/deploy/several-hosts.md).
if env.text("POOLER_URL") and Path(sys.argv[0]).name != "manage.py":
    DATABASES["direct"] = DATABASES["default"]
    DATABASES["default"] = {
        **DATABASES["direct"],
        **env.database("POOLER_URL", ""),
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "TEST": {},
    }
    DATABASES["default"]["OPTIONS"] = keepalive.for_pooler(DATABASES["default"]["OPTIONS"])
    DATABASES["direct"]["TEST"] = {"MIRROR": "default"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Broker and cache: Redis 6.2 or newer, or Valkey

REDIS_URL = env.redis("REDIS_URL", EMBEDDED.redis_url)
_CACHE_URL = env.redis("CACHE_URL", env.next_redis_database(REDIS_URL))
CACHES = {
    "default": {
        "BACKEND": "imrsite.cache_backend.KeptClientCache",
        "LOCATION": _CACHE_URL,
        "KEY_PREFIX": "imrsite",
        "VERSION": 2,  # 1 held pickles
        # A page without cache is better than one that waits for it.
        "OPTIONS": {
            "socket_timeout": 2,
            "socket_connect_timeout": 2,
            "retry": Retry(NoBackoff(), 1),
            **keepalive.for_redis(_CACHE_URL),
            "serializer": "imrsite.cache_values.JsonSerializer",
        },
    }
}

# Files: letters as they were received, named by their SHA-256

MEDIA_ROOT = env.folder("DATA_DIR", STATE_DIR / "files")
# Keys that encrypt stored files, the current one first; without any, files are stored as they are
# (imrsite/deploy/encryption.md).
FILE_KEYS = env.file_keys("FILE_KEYS", kept_in=STATE_DIR / "file_key")
# The bucket of letters, page pictures, exports and documents, instead of folders in DATA_DIR; None for those
# (imrsite/deploy/object-storage.md).
STORE_BUCKET = store_address.bucket("STORE_URL", is_encrypted=any(FILE_KEYS[:1]))
# Where parts of an Excel file wait, unencrypted, while it is written.
SCRATCH_DIR = env.folder("SCRATCH_DIR", MEDIA_ROOT / "scratch")
# The column engine of statistics: see imrsite/deploy/columns.md.
COLUMN_ENGINE = env.flag("COLUMN_ENGINE", default=True)
COLUMNS_DIR = env.folder("COLUMNS_DIR", MEDIA_ROOT / "columns")
COLUMN_MEMORY_MB = env.number("COLUMN_MEMORY_MB", 512, least=128)
COLUMN_LISTS_FROM = env.number("COLUMN_LISTS_FROM", 200_000, least=0)
COLUMN_THREADS = env.number("COLUMN_THREADS", 2, least=1)
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "determinations.intake.upload_handler.UploadHandler",
]
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
# The largest bodies of requests; see imrsite/serving/body_limits.py. A correction form with 1,000 items has 2 MB.
SMALL_FORM_BYTES = 64 * 1024
FORM_BYTES = DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # a page of 50 items to correct has some 5,000
UPLOAD_BYTES = env.number("UPLOAD_MAX_MB", 1_024, least=1) * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = limits.files_of_one_upload(env.number("UPLOAD_MAX_FILES", 2_000, least=1))

# Limits of one letter and one archive; see determinations/extraction/results.py
LETTER_BYTES = env.number("LETTER_MAX_MB", 50, least=1) * 1024 * 1024
LETTER_PAGES = env.number("LETTER_MAX_PAGES", 500, least=1)
SCANNED_PAGES = env.number("SCAN_MAX_PAGES", 100, least=1)
LETTER_SECONDS = env.number("LETTER_MAX_SECONDS", 20, least=1)
# With less free space than this, letters are neither received nor read.
STORE_FREE_BYTES = env.number("STORE_MIN_FREE_MB", 200) * 1024 * 1024
# With less than this, administrators are warned.
STORE_LOW_BYTES = env.number("STORE_LOW_MB", 2_000) * 1024 * 1024
ARCHIVE_BYTES = env.number("ARCHIVE_MAX_MB", 500, least=1) * 1024 * 1024

# What remains of an erased case names its number; otherwise only a keyed digest finds it by its number.
ERASURE_KEEPS_NUMBER = env.flag("ERASURE_KEEPS_NUMBER")

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.folder("STATIC_DIR", STATE_DIR / "static")
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "imrsite.static_files.FingerprintedStorage"
    },
}
WHITENOISE_USE_FINDERS = True  # files that were not collected are served too, under their plain names
WHITENOISE_AUTOREFRESH = DEBUG

# Sign-in: by name and password, by passkey, or by an identity provider (OpenID Connect)

AUTHENTICATION_BACKENDS = ["determinations.roles.RoleBackend"]
LOCAL_PASSWORDS = env.flag("LOCAL_PASSWORDS", True)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "determinations.access.passwords.GuessableValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
CSRF_FAILURE_VIEW = "determinations.views.typed_forms.csrf_failure"
LOGOUT_REDIRECT_URL = "login"
# Wrong passwords for one name from one address that cost nothing; each further one doubles the wait
# (determinations/access/throttle.py).
SIGN_IN_ATTEMPTS = env.number("LOGIN_ATTEMPTS", 10, least=1)
# Minutes after signing in or confirming one's identity in which roles can be changed and long lists exported.
ACCOUNT_REAUTHENTICATION_TIMEOUT = env.number("CONFIRM_MINUTES", 10, least=1) * 60
# Exports of more rows than this ask users to confirm who they are; 0: never.
CONFIRM_EXPORT_ROWS = env.number("CONFIRM_EXPORT_ROWS", 1_000)
# Roles that need a second factor; administrators can add others (Accounts, Sign-in rules).
SECOND_FACTOR_ROLES = env.choices("SECOND_FACTOR_ROLES", ("outside party", "case manager", "supervisor", "admin"))

# E-mail, for links to choose a password; without a server administrators issue passwords instead
MAIL_SERVER = env.mail_server("EMAIL_URL")
EMAIL_HOST, EMAIL_PORT, EMAIL_TIMEOUT = MAIL_SERVER.host, MAIL_SERVER.port, 10
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL_SERVER.user, MAIL_SERVER.password
EMAIL_USE_SSL, EMAIL_USE_TLS = MAIL_SERVER.tls_at_once, MAIL_SERVER.starts_tls
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "imrsite@localhost")
SITE_URL = env.text("SITE_URL").rstrip("/")  # in links; default: the address that the browser used
PASSWORD_RESET_TIMEOUT = env.number("PASSWORD_LINK_HOURS", 24, least=1) * 3600

# The API: imrsite/deploy/api.md

# Requests of one token per minute; 0: no limit.
API_REQUESTS_PER_MINUTE = env.number("API_REQUESTS_PER_MINUTE", 600)
# Networks of your own that webhooks may reach, also without encryption; others must be public.
WEBHOOK_NETWORKS = env.networks("WEBHOOK_NETWORKS")

# Letters that arrive by themselves: imrsite/deploy/arrivals.md

# Folders below which administrators may have folders watched; without any, they may not.
ARRIVAL_ROOTS = env.folders("IMRSITE_ARRIVAL_ROOTS")
# Hosts that sources may be at; without any, all. Those named here may be reached without encryption, too.
ARRIVAL_HOSTS = env.names("IMRSITE_ARRIVAL_HOSTS")

# How the office cites a case; {number}, {decided}, {outcome} and {items} stand for what the case has.
CITATION_STYLE = env.text("CITATION_STYLE", "IMR {number}, decided {decided} ({outcome})")

# Operations: who is told of alarms, who may read the metrics, and backups

ALARM_EMAIL = env.names("ALARM_EMAIL")  # default: administrators with an e-mail address
METRICS_TOKEN = env.text("METRICS_TOKEN")  # "Authorization: Bearer ..." of whoever reads /metrics
METRICS_ADDRESSES = env.networks("METRICS_ADDRESSES")  # from which /metrics may be read
COUNTS_METRICS = bool(METRICS_TOKEN or METRICS_ADDRESSES)
BACKUP_DIR = env.text("BACKUP_DIR")
BACKUP_KEEP = env.number("BACKUP_KEEP", 14, least=1)
BACKUP_RECIPIENTS = env.names("BACKUP_RECIPIENTS")  # public keys of age, for encrypted backups
BACKUP_PASSPHRASE_FILE = env.text("BACKUP_PASSPHRASE_FILE")  # instead of public keys
# An older last backup raises an alarm; 0: never.
BACKUP_LATE_HOURS = env.number("BACKUP_LATE_HOURS", 0)

# Audit trail: determinations/audit, imrsite/deploy/audit.md

# Years that events are kept; 0: for good. HIPAA asks for six years of such records.
AUDIT_KEEP_YEARS = env.number("AUDIT_KEEP_YEARS", 0)
# Where events are sent on, without letter text and without what users typed.
AUDIT_STREAM = env.audit_stream("AUDIT_STREAM")
AUDIT_STREAM_BYTES = env.number("AUDIT_STREAM_MB", 100, least=1) * 1024 * 1024  # of a file before it rotates
AUDIT_STREAM_FILES = env.number("AUDIT_STREAM_FILES", 0)  # rotated files that are kept; 0: all
# Different cases opened, and rows exported, by one user that alert administrators; 0: no alert.
ALERT_CASES_PER_HOUR = env.number("ALERT_CASES_PER_HOUR", 100)
ALERT_CASES_PER_DAY = env.number("ALERT_CASES_PER_DAY", 400)
ALERT_EXPORTED_PER_HOUR = env.number("ALERT_EXPORTED_PER_HOUR", 5_000)
ALERT_EXPORTED_PER_DAY = env.number("ALERT_EXPORTED_PER_DAY", 20_000)

# Single sign-on by OpenID Connect: access/single_sign_on.py
OIDC_SERVER = env.text("OIDC_SERVER").rstrip("/")  # the issuer's address
if not (LOCAL_PASSWORDS or OIDC_SERVER):
    raise ImproperlyConfigured("LOCAL_PASSWORDS is no, but OIDC_SERVER is missing: set it, or allow passwords.")
OIDC_ID = "sso"  # part of the address that the provider sends users back to: /accounts/oidc/sso/login/callback/
OIDC_NAME = env.text("OIDC_NAME", "your company account")
OIDC_CREATE_ACCOUNTS = env.flag("OIDC_CREATE_ACCOUNTS")
OIDC_MATCH_EMAIL = env.flag("OIDC_MATCH_EMAIL")
OIDC_ROLES_CLAIM = env.text("OIDC_ROLES_CLAIM", "groups")
OIDC_OFFICES_CLAIM = env.text("OIDC_OFFICES_CLAIM", OIDC_ROLES_CLAIM)
OIDC_OFFICES = env.mapping("OIDC_OFFICES", ())  # their group=name of our office; * stands for all letters
OIDC_ROLES = env.mapping("OIDC_ROLES", ("outside party", "case manager", "supervisor", "admin"))
SOCIALACCOUNT_ADAPTER = "determinations.access.single_sign_on.SingleSignOnAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True  # a form's redirect to the provider would break the policy of pages
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": OIDC_ID,
                "name": OIDC_NAME,
                "client_id": env.text("OIDC_CLIENT_ID", "imrsite"),
                "secret": env.text("OIDC_CLIENT_SECRET"),
                "settings": {"server_url": OIDC_SERVER},
            }
        ]
        if OIDC_SERVER
        else [],
    }
}

# django-allauth: its views are listed in determinations/urls.py; nobody can sign up.
ACCOUNT_ADAPTER = "determinations.access.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {"reauthenticate": "determinations.access.forms.ConfirmPasswordForm"}
ACCOUNT_REAUTHENTICATION_METHODS = ("password", "mfa")
ACCOUNT_SESSION_REMEMBER = True
# Failed attempts are limited by determinations/access/throttle.py instead.
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
MFA_ADAPTER = "determinations.access.factors.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "imrsite"
MFA_TOTP_TOLERANCE = 1
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "authenticate": "determinations.access.forms.CodeForm",
    "reauthenticate": "determinations.access.forms.ConfirmCodeForm",
    "activate_totp": "determinations.access.forms.ActivateAppForm",
    "add_webauthn": "determinations.access.passkey_forms.AddPasskeyForm",
    "authenticate_webauthn": "determinations.access.passkey_forms.PasskeyForm",
    "login_webauthn": "determinations.access.passkey_forms.SignInByPasskeyForm",
    "reauthenticate_webauthn": "determinations.access.passkey_forms.ConfirmByPasskeyForm",
}

# Browsers

HTTPS = env.flag("HTTPS")  # behind a proxy that terminates TLS
SESSION_ENGINE = "imrsite.sessions"
SESSION_COOKIE_AGE = env.number("SESSION_MINUTES", 120, least=5) * 60  # idle
SESSION_HOURS = env.number("SESSION_HOURS", 12, least=1)  # a session ends this long after the sign-in, however active
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"  # of the address that single sign-on comes back to
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"  # our pages never frame each other

# Scripts and styles come from our own files only; style attributes are allowed, for the width of bars.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; frame-src 'none'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

# Time and language

LANGUAGE_CODE = "en-us"
TIME_ZONE = "America/Los_Angeles"
USE_I18N = False  # pages are in one language; looking it up for each number takes a twentieth of a page
USE_TZ = True

# Celery: how tasks run is set in imrsite/celery.py

CELERY_BROKER_URL = env.broker(REDIS_URL)
BROKER_KEEPALIVE = keepalive.for_redis(REDIS_URL)
WORKER_PROCESSES = env.number("WORKER_PROCESSES", 2, least=1)

# Logging: to standard error or a file; never letter text, so no request bodies, no SQL, only the class of database
# errors, and no secret addresses (imrsite/logs.py)

LOG_LEVEL = env.text("LOG_LEVEL", "INFO").upper()
LOG_FORMAT = env.choice("LOG_FORMAT", ("plain", "json"))
LOG_REQUESTS = env.flag("LOG_REQUESTS")  # a line for each request
LOG_FILE = env.text("LOG_FILE")
_LOG_HANDLER: dict[str, object] = {"class": "logging.StreamHandler"}
if LOG_FILE:  # several processes write to it, and rotate it together
    _LOG_HANDLER = {
        "class": "concurrent_log_handler.ConcurrentRotatingFileHandler",
        "filename": LOG_FILE,
        "maxBytes": env.number("LOG_MAX_MB", 50, least=1) * 1024 * 1024,
        "backupCount": env.number("LOG_KEEP", 10, least=1),
        "chmod": 0o640,
    }
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"client_faults": {"()": "imrsite.logs.ClientFaults"}},
    "formatters": {
        "plain": {"()": "imrsite.logs.Plain", "format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
        "json": {"()": "imrsite.logs.Json"},
    },
    "handlers": {"log": {**_LOG_HANDLER, "formatter": LOG_FORMAT, "filters": ["client_faults"]}},
    "root": {"handlers": ["log"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "propagate": True, "level": LOG_LEVEL},
        "django.server": {"handlers": [], "propagate": True},
        "gunicorn.error": {"handlers": [], "propagate": True},
        "django.db.backends": {"level": "WARNING"},
        # Their messages may name files of sources that letters arrive from.
        **{name: {"level": "WARNING"} for name in ("boto3", "botocore", "imapclient", "paramiko", "urllib3")},
    },
}
# Error reports (DEBUG pages, mail) show no local variables and no form input: either may contain letter text.
# Django's own filter hides only what is marked as sensitive.
DEFAULT_EXCEPTION_REPORTER_FILTER = "imrsite.logs.NothingTyped"
DEFAULT_EXCEPTION_REPORTER = "imrsite.logs.Report"
