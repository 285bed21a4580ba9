from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "keepline.accounts"
    label = "accounts"

    def ready(self) -> None:
        from keepline.accounts import contacts

        contacts.listen()
