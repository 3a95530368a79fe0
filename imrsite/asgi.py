"""The application for an ASGI server, for whoever prefers one."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imrsite.settings")
application = get_asgi_application()
