#!/usr/bin/env python3
"""Runs imrsite's commands; where Django is missing, .venv is created first (imrsite/local/bootstrap.py).

Written so that any old Python can parse it and report that it is too old.
"""

import os
import sys

if __name__ == "__main__":
    if sys.version_info < (3, 11):
        sys.exit(
            "imrsite needs Python 3.11 or newer, and this is Python %d.%d: start manage.py with a newer one."
            % sys.version_info[:2]
        )
    from imrsite.local import bootstrap

    if sys.argv[1:2] == ["demo"]:  # a wrong option is reported before minutes of setup
        from imrsite.local.demo import look_ahead

        look_ahead(sys.argv[2:])
    bootstrap.enter_environment(sys.argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "imrsite.settings")

    from django.core.exceptions import ImproperlyConfigured

    try:
        if sys.argv[1:2] == ["test"]:  # before any settings are loaded: tests have their own
            from imrsite.local.testing import run_tests

            run_tests(sys.argv[2:])
        if sys.argv[1:2] == ["demo"]:  # its options determine the settings
            from imrsite.local.demo import run_demo

            sys.exit(run_demo(sys.argv[2:]))
        if sys.argv[1:2] == ["soak"]:  # it has a state folder of its own
            from imrsite.local.soak.run import run_soak

            sys.exit(run_soak(sys.argv[2:]))
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit("imrsite: %s" % error)
