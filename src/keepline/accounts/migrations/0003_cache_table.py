"""The shared cache: rate-limit counters of all processes live here."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0002_slots")]
    operations: ClassVar = [
        migrations.RunSQL(
            """
            CREATE UNLOGGED TABLE django_cache (
              cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL
            );
            CREATE INDEX django_cache_expires ON django_cache (expires)
            """,
            "DROP TABLE django_cache",
        )
    ]
