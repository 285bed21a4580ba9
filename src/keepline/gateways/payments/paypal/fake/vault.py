"""The fake's vault: setup tokens, payment tokens, and how a charge of each comes out."""

from typing import Any, Final

from .books import Refusal, new_id

Json = dict[str, Any]
# What the holder's account is like, by the name in its address: what a charge comes to.
ACCOUNTS: Final = {
    "poor": "INSTRUMENT_DECLINED",
    "closed": "PAYER_ACCOUNT_LOCKED_OR_CLOSED",
    "careful": "PAYER_ACTION_REQUIRED",
}


class Vault:
    """Everything that is kept for later; `url` is where the holder agrees."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.setups: dict[str, Json] = {}
        self.tokens: dict[str, Json] = {}
        self.by_key: dict[str, str] = {}

    def create_setup(self, key: str, body: Json) -> Json:
        """A repeat gets the first token whatever its body."""
        if key in self.by_key:
            return self.setups[self.by_key[key]]
        token_id = new_id()
        self.by_key[key] = token_id
        self.setups[token_id] = {
            "id": token_id,
            "customer": {"id": new_id(), **body["customer"]},
            "status": "PAYER_ACTION_REQUIRED",
            "payment_source": {"paypal": {}},
            "links": [
                {"rel": "approve", "href": f"{self.url}/agreements/approve?token={token_id}"}
            ],
        }
        return self.setups[token_id]

    def setup(self, token_id: str) -> Json:
        """A setup token, else 404."""
        if token_id not in self.setups:
            raise Refusal(404, "INVALID_RESOURCE_ID")
        return self.setups[token_id]

    def setup_of(self, storing_id: str) -> Json:
        """The setup token of one of the seller's storings."""
        for one in self.setups.values():
            if one["customer"]["merchant_customer_id"] == storing_id:
                return one
        raise Refusal(404, "INVALID_RESOURCE_ID")

    def approve(self, storing_id: str, account: str) -> None:
        """The holder agrees, with the account of that name."""
        token = self.setup_of(storing_id)
        token["status"] = "APPROVED"
        token["payment_source"] = {"paypal": {"email_address": f"{account}@example.com"}}

    def exchange(self, key: str, body: Json) -> Json:
        """A payment token for an approved setup token; a repeat of the key gets the first one."""
        if key in self.by_key:
            return self.token(self.by_key[key])
        setup = self.setup(body["payment_source"]["token"]["id"])
        if setup["status"] != "APPROVED":
            raise Refusal(422, "SETUP_TOKEN_NOT_APPROVED")
        setup["status"] = "VAULTED"
        token_id = new_id()
        self.by_key[key] = token_id
        self.tokens[token_id] = {
            "id": token_id,
            "customer": setup["customer"],
            "payment_source": setup["payment_source"],
        }
        return self.tokens[token_id]

    def tokens_of(self, customer: str) -> Json:
        """A page of a customer's payment tokens."""
        found = [one for one in self.tokens.values() if one["customer"]["id"] == customer]
        return {"customer": {"id": customer}, "payment_tokens": found}

    def token(self, token_id: str) -> Json:
        """A payment token, else 404."""
        if token_id not in self.tokens:
            raise Refusal(404, "INVALID_RESOURCE_ID")
        return self.tokens[token_id]

    def delete(self, token_id: str) -> None:
        """Gone; the second time there is nothing to delete."""
        self.token(token_id)
        del self.tokens[token_id]

    def outcome(self, token_id: str) -> str:
        """What a charge comes to: a capture's state, or the issue of a 422."""
        if token_id not in self.tokens:
            raise Refusal(422, "TOKEN_ID_NOT_FOUND")
        email = self.tokens[token_id]["payment_source"]["paypal"]["email_address"]
        return ACCOUNTS.get(email.partition("@")[0], "COMPLETED")
