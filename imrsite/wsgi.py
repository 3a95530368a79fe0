"""The application for a WSGI server; `demo` and the container run it under Granian."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imrsite.settings")
application = get_wsgi_application()
