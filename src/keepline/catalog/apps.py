from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "keepline.catalog"
    label = "catalog"
