"""What PostgreSQL says, turned into what to do about it."""

from pathlib import Path

from keepline.config.errors import DatabaseUnavailable

# Part of the server's message (always English here) -> our sentence.
KNOWN = {
    "No space left on device": (
        "The disk is full; make room on the disk of {home}, or set KEEPLINE_DATA to another disk."
    ),
    "Disk quota exceeded": (
        "Your disk quota is used up; make room, or set KEEPLINE_DATA to another disk than {home}."
    ),
    "has wrong ownership": (
        "The database in {home} belongs to another user; start Keepline as the user who made it."
    ),
    "has invalid permissions": (
        "The folder {home}/cluster can be read by others; run: chmod -R go-rwx {home}/cluster"
    ),
    "incompatible with server": (
        "The database in {home} was made by another major version of PostgreSQL; "
        "install the version of Keepline that made it, dump the data and load it anew."
    ),
    "still in use": (
        "Processes of an earlier server still work on {home}; wait for them, or end them."
    ),
    "Cannot allocate memory": "There is not enough free memory to start PostgreSQL.",
    "could not create shared memory": "There is not enough free memory to start PostgreSQL.",
    "could not map anonymous shared memory": (
        "There is not enough free memory to start PostgreSQL."
    ),
    "Read-only file system": (
        "The disk of {home} is read-only; set KEEPLINE_DATA to a folder that can be written."
    ),
    "Permission denied": (
        "The server may not use {home}; set KEEPLINE_DATA to a folder that you own."
    ),
}


def explained(said: str, home: Path) -> DatabaseUnavailable:
    """The error for what the server said: a known cause with advice, else its last grave line."""
    for part, sentence in KNOWN.items():
        if part in said:
            return DatabaseUnavailable(sentence.format(home=home))
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    grave = [line for line in lines if "FATAL" in line or "PANIC" in line or "error" in line]
    last = (grave or lines or ["it said nothing"])[-1]
    return DatabaseUnavailable(f"PostgreSQL does not start: {last} (more in {home}/log)")


def refused(error: OSError, data: Path) -> DatabaseUnavailable:
    """The error for a file operation of ours that the system refused."""
    said = error.strerror or str(error)
    for part, sentence in KNOWN.items():
        if part == said:
            return DatabaseUnavailable(sentence.format(home=error.filename or data))
    return DatabaseUnavailable(f"The data folder {data} cannot be used: {said}.")
