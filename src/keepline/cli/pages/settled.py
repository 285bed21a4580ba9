"""Django for pages that are made from models and routes; no database is asked."""

import os


def settle_django() -> None:
    """Harmless when Django is set up already."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "keepline.config.settings")
    import django

    django.setup()
