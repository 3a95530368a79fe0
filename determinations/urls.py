"""Addresses of the determinations app."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
