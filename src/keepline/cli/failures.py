"""Errors of libraries that have a plain cause, told in one sentence.

They are known by their class's name, so that nothing has to be imported to look at them.
"""

import errno


def sentence(error: BaseException) -> str | None:
    """The sentence for `error`, or None when it deserves its traceback."""
    names = {f"{each.__module__.split('.')[0]}.{each.__name__}" for each in type(error).__mro__}
    if names & {"psycopg.OperationalError", "django.OperationalError"}:
        return f"The database cannot be used: {first_line(error)} (see `keepline doctor`)"
    if names & {"django.ProgrammingError", "psycopg.UndefinedTable"} and "exist" in str(error):
        return f"The database is not up to date: run `keepline migrate`. ({first_line(error)})"
    if names & {"keepline.SandboxForbidden", "keepline.FlowRefused"}:
        return str(error)
    return _of_the_system(error) if isinstance(error, OSError) else None


def _of_the_system(error: OSError) -> str | None:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full; make room and start again."
    if error.errno == errno.EADDRINUSE:
        return "The port is taken by another program; set KEEPLINE_PORT to a free one."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{error.filename} cannot be used: {error.strerror}. Is KEEPLINE_DATA yours?"
    return None


def first_line(error: BaseException) -> str:
    """Of an error that comes with hints on lines of its own."""
    return (str(error).strip().splitlines() or ["no reason given"])[0].strip()
