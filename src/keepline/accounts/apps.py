from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "keepline.accounts"
    label = "accounts"
