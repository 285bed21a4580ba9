from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "keepline.ledger"
    label = "ledger"
