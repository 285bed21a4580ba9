"""HandleDownloadProgressInfo as the fake sends it, together with what the operator's proxy adds."""

import json
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import httpx

from keepline.gateways.esim.es2plus.wire import FAILED, HEADERS, SUCCESS, padded
from keepline.gateways.loopback import LOOPBACK

REQUESTER: Final = "1.3.6.1.4.1.32473.1"  # an arc for documentation (RFC 5612)
SUBJECT: Final = "CN=fake-smdp"
ENABLED, DISABLED, DELETED = 6, 7, 8  # points that are this fake's own
PATIENCE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Callback:
    """Where notifications go; "" for nowhere."""

    url: str
    secret: str = field(repr=False)


class Notifications:
    """Kept, then sent; each is tried once until somebody asks for more."""

    def __init__(self, store: sqlite3.Connection, callback: Callback) -> None:
        self.store, self.callback = store, callback

    def write(self, profile: sqlite3.Row, point: int, failure: tuple[str, str] | None) -> None:
        """Keeps one, to be sent. `failure` has its subject and reason code."""
        status: dict[str, Any] = {"status": FAILED if failure else SUCCESS}
        if failure:
            status["statusCodeData"] = {"subjectCode": failure[0], "reasonCode": failure[1]}
        eid = {"eid": profile["eid"]} if profile["eid"] else {}
        body = {
            "header": {
                "functionRequesterIdentifier": REQUESTER,
                "functionCallIdentifier": str(uuid4()),
            },
            **eid,
            "iccid": padded(profile["iccid"]),
            "profileType": profile["profile_type"],
            "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "notificationPointId": point,
            "notificationPointStatus": status,
        }
        self.store.execute(
            "INSERT INTO notifications (iccid, body) VALUES (?, ?)",
            (profile["iccid"], json.dumps(body)),
        )

    async def send(self, again: bool = False) -> int:
        """Sends, in order, those that were not taken; with `again` all. Tells how many."""
        rows = self.store.execute("SELECT * FROM notifications ORDER BY seq").fetchall()
        chosen = [row for row in rows if again or row["answer"] != "204"]
        if not self.callback.url:
            return 0
        async with httpx.AsyncClient(timeout=PATIENCE_S, **LOOPBACK) as client:
            for row in chosen:
                answer = await self._sent(client, row["body"])
                change = "UPDATE notifications SET answer = ? WHERE seq = ?"
                self.store.execute(change, (answer, row["seq"]))
        return len(chosen)

    async def _sent(self, client: httpx.AsyncClient, body: str) -> str:
        headers = {
            **HEADERS,
            "x-smdp-subject": SUBJECT,
            "x-smdp-secret": self.callback.secret,
        }
        try:
            answer = await client.post(self.callback.url, content=body, headers=headers)
        except httpx.HTTPError as error:
            return type(error).__name__
        return str(answer.status_code)

    def shown(self, iccid: str | None) -> list[dict[str, Any]]:
        """What was notified of one profile, or of all, oldest first."""
        rows = self.store.execute(
            "SELECT * FROM notifications WHERE ?1 IS NULL OR iccid = ?1 ORDER BY seq", (iccid,)
        ).fetchall()
        return [{"body": json.loads(row["body"]), "answer": row["answer"]} for row in rows]
