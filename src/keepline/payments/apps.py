from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "keepline.payments"
    label = "payments"
