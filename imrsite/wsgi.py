"""The application for a WSGI server; `demo` and the container run it under gunicorn."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from imrsite.limits import set_limits_of_web

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imrsite.settings")
set_limits_of_web()
application = get_wsgi_application()

# What is loaded now stays. Unless told so, Python looks through all of it for waste in the midst of some requests,
# and those take a fifth of a second longer.
get_resolver().url_patterns  # noqa: B018 - loads every view
gc.collect()
gc.freeze()
