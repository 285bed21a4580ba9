"""Programs that speak to the API."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from keepline.accounts.models import Account, User
from keepline.accounts.services import issue_token
from tests.cast import NOW


@dataclass
class Caller:
    """Speaks JSON with a token (none when it is empty)."""

    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    client: Client = field(default_factory=Client)

    def get(self, path: str, **headers: str) -> Any:
        return self._send("GET", path, None, headers)

    def post(self, path: str, body: Any, key: str = "", **headers: str) -> Any:
        if key:
            headers["Idempotency-Key"] = key
        return self._send("POST", path, json.dumps(body), headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self._send("PATCH", path, json.dumps(body), headers)

    def put(self, path: str, body: Any, **headers: str) -> Any:
        return self._send("PUT", path, json.dumps(body), headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self._send("DELETE", path, None, headers)

    def _send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Any:
        every = {**self.headers, **headers}
        if self.token:
            every["Authorization"] = f"Bearer {self.token}"
        return self.client.generic(
            method,
            path,
            body or "",
            content_type="application/json" if body is not None else "",
            headers=every,
        )


def caller_for(user: User, account: Account) -> Caller:
    return Caller(issue_token(user, account, "test", NOW).secret)
