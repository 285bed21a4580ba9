from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "keepline.orders"
    label = "orders"
