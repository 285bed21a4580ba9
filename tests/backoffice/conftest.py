"""Olga is staff and holds no lines; Alice owns a line."""

from typing import TYPE_CHECKING

import pytest
from django.test import Client

if TYPE_CHECKING:
    from tests.cast import Cast


@pytest.fixture
def stage(transactional_db: None) -> "Cast":
    # Imported late: pytest reads this file before Django is set up.
    from django.core.cache import cache
    from django.db import transaction

    from tests.cast import assemble, person

    cache.clear()  # who signs in once a test is not guessing passwords
    with transaction.atomic():
        person("olga", is_staff=True)
        return assemble()


@pytest.fixture
def olga(stage: "Cast") -> Client:
    from tests.sessions import signed_in

    return signed_in("olga@example.com")


@pytest.fixture
def alice(stage: "Cast") -> Client:
    from tests.sessions import signed_in

    return signed_in("alice@example.com")
