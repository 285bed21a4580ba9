"""What every page leans on: the language switch, the page shown off line."""

from django.urls import path
from django.views.generic import TemplateView

from keepline.portal.language import set_language

urlpatterns = [
    path("language/", set_language, name="set_language"),
    path("offline/", TemplateView.as_view(template_name="offline.html"), name="offline"),
]
