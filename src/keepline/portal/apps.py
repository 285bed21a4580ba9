from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "keepline.portal"
    label = "portal"
