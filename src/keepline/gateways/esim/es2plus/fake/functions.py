"""The functions of ES2+ as the fake carries them out (SGP.22 5.3.1 to 5.3.4)."""

import json
import re
import secrets
import sqlite3
from collections.abc import Mapping
from typing import Any, Final

from keepline.gateways.esim.es2plus.wire import FAILED, SUCCESS, padded
from keepline.gateways.fake_store import transaction

MATCHING_ID: Final = re.compile(r"[A-Z0-9-]{1,255}")
EID: Final = re.compile(r"\d{32}", re.ASCII)
FINAL: Final = ("Available", "Unavailable")
CANCELLABLE: Final = ("Allocated", "Linked", "Confirmed", "Released")
ON_A_PHONE: Final = ("Downloaded", "Installed", "Enabled", "Disabled")


class Failed(Exception):
    """Nothing was done, for this reason."""

    def __init__(self, subject: str, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.subject, self.reason, self.sentence = subject, reason, sentence


def failed(subject: str, reason: str, sentence: str) -> dict[str, Any]:
    """The answer that says so."""
    codes = {"subjectCode": subject, "reasonCode": reason, "message": sentence}
    return {"header": {"functionExecutionStatus": {"status": FAILED, "statusCodeData": codes}}}


class Functions:
    """Over one store. `requester` is the one operator, `address` what its activation codes name."""

    def __init__(self, store: sqlite3.Connection, requester: str, address: str) -> None:
        self.store, self.requester, self.address = store, requester, address

    def answer(self, function: str, content: dict[str, Any], remembers: bool) -> dict[str, Any]:
        """Carries a call out. A call id that is remembered gets its first answer again."""
        header = content.get("header") or {}
        requester = str(header.get("functionRequesterIdentifier"))
        call_id = str(header.get("functionCallIdentifier"))
        request = json.dumps([function, content], sort_keys=True)
        if requester != self.requester:
            return failed("1.1", "1.1", "unknown function requester")
        with transaction(self.store):
            known = self.store.execute(
                "SELECT request, answer FROM calls WHERE requester = ? AND call_id = ?",
                (requester, call_id),
            ).fetchone()
            if known and remembers:
                first: dict[str, Any] = json.loads(known["answer"])
                other = failed("1.6", "2.1", "this call identifier belongs to another call")
                return first if known["request"] == request else other
            answer = self._carried_out(function, content)
            self.store.execute(
                "INSERT OR REPLACE INTO calls (requester, call_id, request, answer)"
                " VALUES (?, ?, ?, ?)",
                (requester, call_id, request, json.dumps(answer)),
            )
            return answer

    def _carried_out(self, function: str, content: Mapping[str, Any]) -> dict[str, Any]:
        calls = {
            "downloadOrder": self._download_order,
            "confirmOrder": self._confirm_order,
            "cancelOrder": self._cancel_order,
            "releaseProfile": self._release_profile,
        }
        try:
            fields = calls[function](content)
        except Failed as no:
            return failed(no.subject, no.reason, no.sentence)
        return {"header": {"functionExecutionStatus": {"status": SUCCESS}}, **fields}

    def _download_order(self, content: Mapping[str, Any]) -> dict[str, str]:
        eid, wanted_type = _eid(content), content.get("profileType")
        if content.get("iccid"):
            profile = self._profile(content)
            if wanted_type and wanted_type != profile["profile_type"]:
                raise Failed("8.2.5", "3.8", "the profile is of another type")
            if profile["state"] != "Available":
                raise Failed("8.2.1", "3.3", "the profile is not available")
        elif wanted_type:
            profile = self._next_of(wanted_type)
        else:
            raise Failed("1.6", "2.3", "iccid or profileType is needed")
        self._change(profile, state="Linked" if eid else "Allocated", eid=eid)
        return {"iccid": padded(profile["iccid"])}

    def _confirm_order(self, content: Mapping[str, Any]) -> dict[str, str]:
        profile, eid = self._profile(content), _eid(content)
        if eid and profile["eid"] not in (None, eid):
            raise Failed("8.1.1", "3.10", "another EID is associated with this ICCID")
        matching_id = content.get("matchingId") or secrets.token_hex(16).upper()
        if not MATCHING_ID.fullmatch(matching_id):
            raise Failed("8.2.6", "2.1", "the matching id is not valid")
        taken = self.store.execute(
            "SELECT iccid FROM profiles WHERE matching_id = ?", (matching_id,)
        ).fetchone()
        if taken:
            raise Failed("8.2.6", "3.3", "the matching id is in use")
        if profile["state"] not in ("Allocated", "Linked"):
            raise Failed("8.2.1", "3.5", "the profile was not ordered, or is confirmed already")
        release = content.get("releaseFlag")
        if not isinstance(release, bool):
            raise Failed("1.6", "2.2", "releaseFlag is needed")
        self._change(
            profile,
            state="Released" if release else "Confirmed",
            eid=eid or profile["eid"],
            matching_id=matching_id,
            confirmation_code=content.get("confirmationCode"),
        )
        linked = {"eid": eid or profile["eid"]} if eid or profile["eid"] else {}
        return {"matchingId": matching_id, "smdpAddress": self.address, **linked}

    def _cancel_order(self, content: Mapping[str, Any]) -> dict[str, str]:
        profile, final = self._profile(content), content.get("finalProfileStatusIndicator")
        if final not in FINAL:
            raise Failed("8.2.1", "2.2", "finalProfileStatusIndicator is needed")
        if profile["state"] in ON_A_PHONE:
            raise Failed("8.2.1", "3.3", "the profile is downloaded already")
        given_up = profile["state"] == "Error" and final == "Unavailable"
        if profile["state"] not in CANCELLABLE and not given_up:
            raise Failed("8.2.1", "3.5", "there is no order for this profile")
        if _eid(content) not in (None, profile["eid"]):
            raise Failed("8.1.1", "3.10", "another EID is associated with this ICCID")
        if content.get("matchingId") not in (None, profile["matching_id"]):
            raise Failed("8.2.6", "3.10", "another matching id is associated with this ICCID")
        self._change(profile, state=final, eid=None, matching_id=None, confirmation_code=None)
        return {}

    def _release_profile(self, content: Mapping[str, Any]) -> dict[str, str]:
        profile = self._profile(content)
        if profile["state"] != "Confirmed":
            raise Failed("8.2.1", "3.5", "the profile cannot be released")
        self._change(profile, state="Released")
        return {}

    def _profile(self, content: Mapping[str, Any]) -> sqlite3.Row:
        iccid = content.get("iccid")
        if not isinstance(iccid, str) or not iccid:
            raise Failed("1.6", "2.2", "iccid is needed")
        found: sqlite3.Row | None = self.store.execute(
            "SELECT * FROM profiles WHERE iccid = ?", (iccid.rstrip("F"),)
        ).fetchone()
        if found is None:
            raise Failed("8.2.1", "3.9", "the ICCID is unknown")
        return found

    def _next_of(self, profile_type: str) -> sqlite3.Row:
        rows = self.store.execute(
            "SELECT * FROM profiles WHERE profile_type = ? ORDER BY state <> 'Available', iccid"
            " LIMIT 1",
            (profile_type,),
        ).fetchone()
        if rows is None:
            raise Failed("8.2.5", "3.9", "the profile type is unknown")
        if rows["state"] != "Available":
            raise Failed("8.2.5", "3.7", "no more profile of this type")
        found: sqlite3.Row = rows
        return found

    def _change(self, profile: sqlite3.Row, **columns: object) -> None:
        change_profile(self.store, profile["iccid"], **columns)


def change_profile(store: sqlite3.Connection, iccid: str, **columns: object) -> None:
    """Writes columns of one profile."""
    written = ", ".join(f"{name} = :{name}" for name in columns)
    query = f"UPDATE profiles SET {written} WHERE iccid = :iccid"  # noqa: S608  our own columns
    store.execute(query, {**columns, "iccid": iccid})


def _eid(content: Mapping[str, Any]) -> str | None:
    eid = content.get("eid")
    if eid is not None and (not isinstance(eid, str) or not EID.fullmatch(eid)):
        raise Failed("8.1.1", "2.1", "the EID is not valid")
    return eid
