"""What a command_status means for the message that it answers (SMPP 3.4, 5.1.3)."""

from typing import Final, Literal

Meaning = Literal["taken", "wait", "refused", "again"]

OK: Final = 0x00
INVALID_COMMAND_LENGTH: Final = 0x02
INVALID_COMMAND: Final = 0x03
QUEUE_FULL: Final = 0x14
THROTTLED: Final = 0x58
TEMPORARY_ERROR_OF_OURS: Final = 0x64

NAMES: Final = {
    0x00: "ESME_ROK",
    0x01: "ESME_RINVMSGLEN",
    0x02: "ESME_RINVCMDLEN",
    0x03: "ESME_RINVCMDID",
    0x04: "ESME_RINVBNDSTS",
    0x05: "ESME_RALYBND",
    0x06: "ESME_RINVPRTFLG",
    0x07: "ESME_RINVREGDLVFLG",
    0x08: "ESME_RSYSERR",
    0x0A: "ESME_RINVSRCADR",
    0x0B: "ESME_RINVDSTADR",
    0x0C: "ESME_RINVMSGID",
    0x0D: "ESME_RBINDFAIL",
    0x0E: "ESME_RINVPASWD",
    0x0F: "ESME_RINVSYSID",
    0x14: "ESME_RMSGQFUL",
    0x15: "ESME_RINVSERTYP",
    0x43: "ESME_RINVESMCLASS",
    0x45: "ESME_RSUBMITFAIL",
    0x48: "ESME_RINVSRCTON",
    0x49: "ESME_RINVSRCNPI",
    0x50: "ESME_RINVDSTTON",
    0x51: "ESME_RINVDSTNPI",
    0x53: "ESME_RINVSYSTYP",
    0x58: "ESME_RTHROTTLED",
    0x61: "ESME_RINVSCHED",
    0x62: "ESME_RINVEXPIRY",
    0x64: "ESME_RX_T_APPN",
    0x65: "ESME_RX_P_APPN",
    0x66: "ESME_RX_R_APPN",
    0xC2: "ESME_RINVPARLEN",
    0xFF: "ESME_RUNKNOWNERR",
}

# About this message or its number alone. Everything else, an unknown code among it, may be a fault
# of the network's or of our settings (RINVSRCADR: our sender is not allowed), which somebody mends.
REFUSALS: Final = frozenset({0x01, 0x0B, 0x50, 0x51, 0x65, 0x66})


def name_of(status: int) -> str:
    """ESME_RTHROTTLED; a code that is not in the specification by its number."""
    return NAMES.get(status, f"0x{status:08X}")


def meaning_of(status: int) -> Meaning:
    """Of the answer to a submit_sm.

    wait: the network wants fewer. refused: never. again: not now.
    """
    if status == OK:
        return "taken"
    if status in (THROTTLED, QUEUE_FULL):
        return "wait"
    return "refused" if status in REFUSALS else "again"


BIND_REFUSALS: Final = {
    0x04: "it does not take a bind of this kind",
    0x05: "this system_id has as many sessions as it may have",
    0x0D: "it refuses the bind and does not say why",
    0x0E: "the password is wrong",
    0x0F: "it does not know the system_id",
    0x53: "it wants another system_type",
}


def why_no_bind(status: int) -> str:
    """In words, for `keepline doctor` and the log."""
    return f"{BIND_REFUSALS.get(status, 'it refuses the bind')} ({name_of(status)})"
