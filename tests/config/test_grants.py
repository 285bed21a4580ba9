"""The runtime role may add facts and change none."""

import psycopg
import pytest
from django.db import connection

from keepline.config.grants import APPEND_ONLY_TABLES, grant_runtime
from tests import database
from tests.conftest import FOLDER

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(database.is_external(), reason="one role only"),
]


def rights(table: str) -> set[str]:
    asked = "SELECT has_table_privilege('keepline_app', %s, %s)"
    with connection.cursor() as cursor:
        found = set()
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"):
            cursor.execute(asked, [table, right])
            if cursor.fetchone()[0]:
                found.add(right)
    return found


@pytest.mark.parametrize("table", APPEND_ONLY_TABLES)
def test_facts_are_added_and_never_changed(table: str) -> None:
    assert rights(table) == {"SELECT", "INSERT"}


def test_other_tables_are_used_freely() -> None:
    assert rights("accounts_user") == {"SELECT", "INSERT", "UPDATE", "DELETE"}


def test_tests_themselves_work_as_the_runtime_role() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("keepline_app",)


def test_partitions_of_facts_are_no_back_door() -> None:
    owner = database.owner_url(FOLDER)
    with psycopg.connect(owner, autocommit=True) as direct:
        direct.execute("CREATE TABLE audit_auditevent (x int) PARTITION BY LIST (x)")
        direct.execute("CREATE TABLE first PARTITION OF audit_auditevent FOR VALUES IN (1)")
        try:
            grant_runtime(owner, "keepline_app")
            asked = "SELECT has_table_privilege('keepline_app', 'first', 'UPDATE')"
            assert direct.execute(asked).fetchone() == (False,)
        finally:
            direct.execute("DROP TABLE audit_auditevent")
