"""Logs through structlog: readable in a console, JSON in production."""

import logging
from typing import Any

import structlog

from keepline.config.discretion import Discretion

SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
# One list however often logs are configured: loggers keep the one that they met first.
PROCESSORS = [*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter]


def configure(settings: dict[str, Any]) -> None:
    """Called by Django with settings.LOGGING."""
    structlog.configure(
        processors=PROCESSORS,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # Tracebacks without local variables: those hold passwords and codes.
                structlog.processors.format_exc_info,
                Discretion(settings.get("secrets", ())),
                rendering(as_json=settings.get("format") == "json"),
            ],
            foreign_pre_chain=SHARED,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # its lines carry whole URLs
    # Its jobs only wake workers, and each would write lines.
    logging.getLogger("procrastinate").setLevel(logging.WARNING)


def rendering(as_json: bool) -> structlog.typing.Processor:
    """The last processor."""
    if as_json:
        return structlog.processors.JSONRenderer()
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain)
