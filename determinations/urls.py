"""Addresses of the product's pages."""

from django.urls import path

from determinations.views import home

urlpatterns = [
    path("", home.home, name="home"),
]
