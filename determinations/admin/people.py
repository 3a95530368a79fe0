"""Accounts have pages of their own (``views/access/people.py``), which Django's would bypass."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group, User

# The rows of django-allauth hold secrets; those of Django would change roles and passwords without a record.
admin.site.unregister([User, Group, Authenticator, EmailAddress, SocialAccount, SocialApp, SocialToken, UserSession])
