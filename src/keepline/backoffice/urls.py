"""The staff's pages."""

from django.urls import path

from keepline.backoffice.views import future

urlpatterns = [path("future/", future.future, name="future")]
