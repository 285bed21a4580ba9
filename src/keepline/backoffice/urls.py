"""The staff's pages."""

from django.urls import path

from keepline.backoffice.views import future, reconciliations

urlpatterns = [
    path("future/", future.future, name="future"),
    path("reconciliations/", reconciliations.reconciliations, name="reconciliations"),
]
