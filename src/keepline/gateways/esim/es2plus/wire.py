"""How ES2+ writes things (SGP.22 6.2, 6.5.1): paths, headers, ICCIDs of twenty places."""

from typing import Final

from keepline.core.identifiers import ICCID_PLACES

PATH: Final = "/gsma/rsp2/es2plus/"
ADMIN_PROTOCOL: Final = "gsma/rsp/v2.5.0"
PROTOCOL_PREFIX: Final = "gsma/rsp/v"
HEADERS: Final = {"content-type": "application/json", "x-admin-protocol": ADMIN_PROTOCOL}
LARGEST_BODY: Final = 64 * 1024
SUCCESS, WARNING, FAILED, EXPIRED = (
    "Executed-Success",
    "Executed-WithWarning",
    "Failed",
    "Expired",
)


def padded(iccid: str) -> str:
    """The ICCID in twenty places. Before v2.2 a server need not take fewer, so never send fewer."""
    return iccid.ljust(ICCID_PLACES, "F")


def request_header(requester: str, call_id: str) -> dict[str, str]:
    """The `header` of a request (6.5.1.3)."""
    return {"functionRequesterIdentifier": requester, "functionCallIdentifier": call_id}
