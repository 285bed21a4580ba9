from django.apps import AppConfig


class LinesConfig(AppConfig):
    name = "keepline.lines"
    label = "lines"
