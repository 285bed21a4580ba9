"""A phone, played: what it downloads, installs, switches and deletes, and what is told of it."""

import hmac
import sqlite3
from typing import Final

from keepline.core.identifiers import ActivationCodeError, parse_activation_code
from keepline.gateways.esim.es2plus.points import (
    CONFIRMATION,
    DOWNLOAD,
    ELIGIBILITY,
    INSTALLATION,
)
from keepline.gateways.fake_store import transaction

from .functions import change_profile
from .notifications import DELETED, DISABLED, ENABLED, Notifications

WRONG_CODES_ALLOWED: Final = 3
ACTS: Final = {
    "enable": (("Installed", "Disabled"), "Enabled", ENABLED),
    "disable": (("Enabled",), "Disabled", DISABLED),
    "delete": (("Installed", "Disabled"), "Deleted", DELETED),
}
# How an installation ends: what is told of it (point, codes), and the profile's state then.
ENDS: Final = {
    "installed": (INSTALLATION, None, "Installed"),
    "no_room": (INSTALLATION, ("8.1", "4.8"), "Downloaded"),
    "broken": (INSTALLATION, ("8.2.10", "4.2"), "Error"),
    "holder_said_no": (DOWNLOAD, ("8.8.5", "3.8"), "Error"),
}


class PhoneRefused(Exception):
    """The phone shows an error; `word` says which."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


class Phone:
    """Plays phones over one store."""

    def __init__(self, store: sqlite3.Connection, notifications: Notifications) -> None:
        self.store, self.notifications = store, notifications

    def install(self, activation_code: str, eid: str, code: str, end: str = "installed") -> str:
        """Reads a QR code, downloads and installs. Returns the ICCID; PhoneRefused otherwise.

        What is refused is kept all the same where the SM-DP+ would notify it.
        """
        try:
            matching_id = parse_activation_code(activation_code).matching_id
        except ActivationCodeError as error:
            raise PhoneRefused("activation_code") from error
        with transaction(self.store):
            word, iccid = self._tried(matching_id, eid, code, end)
        if word:
            raise PhoneRefused(word)
        return iccid

    def _tried(self, matching_id: str, eid: str, code: str, end: str) -> tuple[str, str]:
        """("", iccid) when it went well, else the word of what went wrong."""
        found = "SELECT * FROM profiles WHERE matching_id = ?"
        profile = self.store.execute(found, (matching_id,)).fetchone()
        if profile is None or profile["state"] not in ("Released", "Downloaded"):
            return "not_released", ""
        if profile["eid"] not in (None, eid):
            self.notifications.write(profile, ELIGIBILITY, ("8.1.1", "3.10"))
            return "other_device", ""
        if profile["confirmation_code"]:
            wrong = self._confirmation(profile, code)
            if wrong:
                return wrong, ""
        change_profile(self.store, profile["iccid"], eid=eid)
        profile = self.store.execute(found, (matching_id,)).fetchone()
        point, failure, state = ENDS[end]
        if point == INSTALLATION:
            self.notifications.write(profile, DOWNLOAD, None)
        self.notifications.write(profile, point, failure)
        change_profile(self.store, profile["iccid"], state=state)
        return ("" if failure is None else end), profile["iccid"]

    def _confirmation(self, profile: sqlite3.Row, code: str) -> str:
        if hmac.compare_digest(profile["confirmation_code"].encode(), code.encode()):
            return ""
        if not code:
            return "confirmation_code_missing"
        wrong_codes = profile["wrong_codes"] + 1
        if wrong_codes < WRONG_CODES_ALLOWED:
            change_profile(self.store, profile["iccid"], wrong_codes=wrong_codes)
            return "confirmation_code_wrong"
        change_profile(self.store, profile["iccid"], wrong_codes=wrong_codes, state="Error")
        self.notifications.write(profile, CONFIRMATION, ("8.2.7", "6.4"))
        return "too_many_wrong_codes"

    def act(self, iccid: str, act: str) -> None:
        """Enables, disables or deletes an installed profile."""
        if act not in ACTS:
            raise PhoneRefused("act")
        before, after, point = ACTS[act]
        with transaction(self.store):
            found = "SELECT * FROM profiles WHERE iccid = ?"
            profile = self.store.execute(found, (iccid,)).fetchone()
            if profile is None or profile["state"] not in before:
                raise PhoneRefused("wrong_state")
            change_profile(self.store, iccid, state=after)
            self.notifications.write(profile, point, None)
