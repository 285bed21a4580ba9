from django.apps import AppConfig


class BackofficeConfig(AppConfig):
    name = "keepline.backoffice"
    label = "backoffice"
