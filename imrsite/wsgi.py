"""The application for a WSGI server; `demo` and the container run it with gunicorn."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from imrsite.limits import set_limits_of_web

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imrsite.settings")
set_limits_of_web()
application = get_wsgi_application()

# Everything loaded now stays loaded. Otherwise the garbage collector scans it during requests, which adds a fifth of
# a second to some of them.
get_resolver().url_patterns  # noqa: B018 - loads every view
gc.collect()
gc.freeze()
