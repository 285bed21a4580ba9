"""SMS out by HTTP: a hundred a request, signed. A repeat is known to the gateway by its id."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import httpx

from keepline.gateways.loopback import LOOPBACK
from keepline.gateways.messaging.inbound import Take
from keepline.gateways.messaging.port import (
    ChannelDown,
    ChannelRefused,
    ChannelUnavailable,
    SendResult,
    Sent,
)
from keepline.gateways.messaging.sms import SmsMessage, the_one
from keepline.gateways.signed import Signer

A_REQUEST: Final = 100
LONGEST_REFERENCE, LONGEST_CODE = 100, 40
LOCAL: Final = ("localhost", "127.0.0.1", "::1")


class HttpSms:
    """See the port; safe to share between threads."""

    name = "sms-http"
    most_at_once = 1_000

    def __init__(self, url: str, secrets: Sequence[str], sender: str, timeout_s: float) -> None:
        here = httpx.URL(url)
        self._options = LOOPBACK if here.scheme == "http" and here.host in LOCAL else {}
        self._timeout_s = timeout_s
        self._url = url.rstrip("/")
        self._sender = sender
        self._signer = Signer(secrets)
        self._http = self._client()

    def _client(self) -> httpx.Client:
        return httpx.Client(timeout=self._timeout_s, follow_redirects=False, **self._options)

    def send(self, message: SmsMessage) -> SendResult:
        """See the port."""
        return the_one(self.send_all([message]))

    def send_all(self, messages: Sequence[SmsMessage]) -> list[Sent]:
        """See the port."""
        outcomes: list[Sent] = []
        for start in range(0, len(messages), A_REQUEST):
            outcomes += self._send(messages[start : start + A_REQUEST])
        return outcomes

    def _send(self, messages: Sequence[SmsMessage]) -> list[Sent]:
        try:
            answers = self._asked("messages", {"messages": [self._json(one) for one in messages]})
        except ChannelDown as error:
            return [error] * len(messages)
        said = {str(answer.get("id")): answer for answer in answers}
        return [_outcome(said.get(str(message.message_id), {})) for message in messages]

    def _json(self, message: SmsMessage) -> dict[str, Any]:
        content = {"id": str(message.message_id), "to": message.to, "text": message.text}
        extra = {"from": self._sender, "useful_for_s": message.useful_for_s}
        return {**content, **{name: value for name, value in extra.items() if value}}

    def _asked(self, path: str, content: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The rows of `results`. Raises ChannelDown, and tells nothing of the content.

        That it may have been heard does no harm: the gateway knows a repeat by its id.
        """
        text = json.dumps(content)
        signed = self._signer.headers(f"req_{uuid4().hex}", text, datetime.now(UTC))
        headers = {"content-type": "application/json", **signed}
        try:
            answer = self._http.post(f"{self._url}/{path}", content=text, headers=headers)
        except httpx.HTTPError as error:
            raise ChannelDown(type(error).__name__) from None
        if not answer.is_success:
            raise ChannelDown(f"HTTP {answer.status_code}")
        try:
            results = answer.json()["results"]
            return [dict(row) for row in results]
        except (ValueError, KeyError, TypeError):
            raise ChannelDown("an answer that cannot be read") from None

    def listen(self, take: Take) -> None:
        """The gateway calls webhooks/sms.py."""

    def complaints(self) -> list[str]:
        """Asks with no message: an empty list of results is what a gateway says to our secret."""
        try:
            self._asked("messages", {"messages": []})
        except ChannelDown as error:
            return [f"it does not take messages from us: {error}"]
        return []

    def close(self) -> None:
        """Ends the connections that are kept."""
        old, self._http = self._http, self._client()
        old.close()


def _outcome(answer: Mapping[str, Any]) -> Sent:
    code = str(answer.get("code") or "no_code")[:LONGEST_CODE]
    match answer.get("status"):
        case "accepted":
            return SendResult(str(answer.get("reference") or "")[:LONGEST_REFERENCE])
        case "refused":
            return ChannelRefused(code, "the gateway refuses the message")
        case "later":
            return ChannelUnavailable(code)
        case _:
            return ChannelUnavailable("the gateway did not say what became of it")
