"""Faults that whoever runs Keepline can mend. The message is one sentence or two, with advice."""


class OperatorError(Exception):
    """Shown by the CLI as it is, without a traceback, with exit code 1."""


class SettingsError(OperatorError):
    """A KEEPLINE_* variable is missing or cannot be understood."""


class DatabaseUnavailable(OperatorError):
    """The database cannot be started or reached."""
