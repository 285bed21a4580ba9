"""Mounted at /v1/."""

from django.urls import URLPattern, URLResolver, path

from keepline.api.v1 import api

urlpatterns: list[URLPattern | URLResolver] = [path("", api.urls)]
