"""The admin site: the product's own pages (``urls``), and Django's for users, reference data and records."""

from django.contrib import admin

from determinations.admin import duties, office_fields, people, records, reference

__all__ = ["duties", "office_fields", "people", "records", "reference"]

admin.site.site_header = "imrsite: users and settings"
admin.site.site_title = "imrsite"
admin.site.index_title = "Users and settings"
