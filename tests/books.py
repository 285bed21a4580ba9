"""After every test that used the database, the books are audited: no test may leave them broken.

A test that breaks them on purpose says so: `pytest.mark.books_broken`.
"""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def books_are_right(request: pytest.FixtureRequest) -> Iterator[None]:
    """Asked before the test's rows are taken away again."""
    marked = request.node.get_closest_marker("django_db")
    if marked is None or request.node.get_closest_marker("books_broken"):
        yield
        return
    request.getfixturevalue("_django_db_helper")  # so that the rows are still there afterwards
    yield
    from django.db import connection

    from keepline.flows.audit_books import audit, invariants
    from tests.cast import NOW

    if connection.in_atomic_block and connection.needs_rollback:
        return
    # By the cast's clock; what is late then is the business of the tests that move it.
    safe = [one for one in invariants() if not one.late]
    assert audit(NOW, safe) == []
