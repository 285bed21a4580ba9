from django.apps import AppConfig


class WiringConfig(AppConfig):
    name = "keepline.config"
    label = "keepline_config"

    def ready(self) -> None:
        from keepline.config import wiring

        wiring.connect()
