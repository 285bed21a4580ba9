from django.apps import AppConfig


class InventoryConfig(AppConfig):
    name = "keepline.inventory"
    label = "inventory"
