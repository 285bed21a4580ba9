from django.apps import AppConfig


class UsageConfig(AppConfig):
    name = "keepline.usage"
    label = "usage"
