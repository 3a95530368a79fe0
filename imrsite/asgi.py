"""The application for an ASGI server, as an alternative to WSGI."""

import os

from django.core.asgi import get_asgi_application

from imrsite.limits import set_limits_of_web

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imrsite.settings")
set_limits_of_web()
application = get_asgi_application()
