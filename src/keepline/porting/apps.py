from django.apps import AppConfig


class PortingConfig(AppConfig):
    name = "keepline.porting"
    label = "porting"
