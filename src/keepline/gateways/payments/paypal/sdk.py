"""The only place that knows PayPal's SDK: sends, and sorts what comes back.

`ApiRefused` for an answer that says no, ProviderUnknown for everything that says nothing certain,
and otherwise the JSON as PayPal sent it. Imported late: the SDK is an optional extra.
"""

import json
from collections.abc import Callable
from typing import Any, Final

import requests
from apimatic_core.authentication.multiple.single_auth import (  # type: ignore[import-untyped]
    Single,
)
from apimatic_core.exceptions.auth_validation_exception import (  # type: ignore[import-untyped]
    AuthValidationException,
)
from apimatic_core.request_builder import RequestBuilder  # type: ignore[import-untyped]
from apimatic_core.response_handler import ResponseHandler  # type: ignore[import-untyped]
from apimatic_core.types.parameter import Parameter  # type: ignore[import-untyped]
from paypalserversdk.configuration import (  # type: ignore[import-untyped]
    Configuration,
    Server,
)
from paypalserversdk.exceptions.api_exception import ApiException  # type: ignore[import-untyped]
from paypalserversdk.http.auth.o_auth_2 import (  # type: ignore[import-untyped]
    ClientCredentialsAuthCredentials,
)
from paypalserversdk.paypal_serversdk_client import (  # type: ignore[import-untyped]
    PaypalServersdkClient,
)
from urllib3.exceptions import HTTPError

from keepline.gateways.payments.port import ProviderRefused, ProviderUnknown

UNAUTHORIZED: Final = 401
NO: Final = range(400, 500)
NOT_A_NO: Final = frozenset({408, 409, 425, 429})  # busy, or the same request is still on its way
IN_PROGRESS: Final = frozenset({"PREVIOUS_REQUEST_IN_PROGRESS", "REQUEST_IN_PROGRESS"})
FULL: Final = "return=representation"
Json = dict[str, Any]


class ApiRefused(ProviderRefused):
    """PayPal's no: `status` of HTTP, `code` its issue or name, `links` where it sends the payer."""

    def __init__(self, status: int, code: str, message: str, links: list[Json]) -> None:
        super().__init__(code, message)
        self.status = status
        self.links = links


class _Place(Configuration):  # type: ignore[misc]
    """The SDK knows PayPal's two places only; the fake is a third."""

    base_url = ""

    def get_base_uri(self, *_: object) -> str:
        return self.base_url


class PayPalApi:
    """The calls the adapter needs; safe to share between threads. Nothing is sent twice but a
    call that was refused for its token, once, with a fresh token: a refused call did nothing.
    """

    def __init__(self, base_url: str, client_id: str, secret: str, timeout_s: float) -> None:
        self._base_url = base_url
        self._session = requests.Session()
        self._session.trust_env = base_url.startswith("https:")  # loopback needs no proxy
        self._timeout_s = timeout_s
        self._credentials: Any = ClientCredentialsAuthCredentials(
            client_id, secret, o_auth_token_provider=_fetch_token
        )
        self._client = self._new_client()

    def _new_client(self) -> Any:
        """A client without a token; connections are kept."""
        configuration = _Place(
            http_client_instance=self._session,
            override_http_client_configuration=True,
            timeout=self._timeout_s,
            max_retries=0,
            client_credentials_auth_credentials=self._credentials,
        )
        configuration.base_url = self._base_url
        return PaypalServersdkClient(config=configuration)

    def create_order(self, body: Json, request_id: str) -> Json:
        """POST /v2/checkout/orders."""
        options = {"body": body, "paypal_request_id": request_id, "prefer": FULL}
        return self._call(lambda client: client.orders.create_order(options))

    def get_order(self, order_id: str) -> Json:
        """GET /v2/checkout/orders/{id}."""
        return self._call(lambda client: client.orders.get_order({"id": order_id}))

    def patch_order(self, order_id: str, changes: list[Json]) -> None:
        """PATCH /v2/checkout/orders/{id}; all changes or none."""
        options = {"id": order_id, "body": changes}
        self._call(lambda client: client.orders.patch_order(options), empty=True)

    def capture_order(self, order_id: str, request_id: str) -> Json:
        """POST /v2/checkout/orders/{id}/capture."""
        options = {"id": order_id, "paypal_request_id": request_id, "prefer": FULL}
        return self._call(lambda client: client.orders.capture_order(options))

    def refund_capture(self, capture_id: str, body: Json, request_id: str) -> Json:
        """POST /v2/payments/captures/{id}/refund."""
        options = {
            "capture_id": capture_id,
            "body": body,
            "paypal_request_id": request_id,
            "prefer": FULL,
        }
        return self._call(lambda client: client.payments.refund_captured_payment(options))

    def get_capture(self, capture_id: str) -> Json:
        """GET /v2/payments/captures/{id}."""
        options = {"capture_id": capture_id}
        return self._call(lambda client: client.payments.get_captured_payment(options))

    def create_setup_token(self, body: Json, request_id: str) -> Json:
        """POST /v3/vault/setup-tokens."""
        options = {"body": body, "paypal_request_id": request_id}
        return self._call(lambda client: client.vault.create_setup_token(options))

    def get_setup_token(self, token_id: str) -> Json:
        """GET /v3/vault/setup-tokens/{id}."""
        return self._call(lambda client: client.vault.get_setup_token(token_id))

    def create_payment_token(self, setup_token_id: str, request_id: str) -> Json:
        """POST /v3/vault/payment-tokens: exchanges an approved setup token."""
        source = {"token": {"id": setup_token_id, "type": "SETUP_TOKEN"}}
        options = {"body": {"payment_source": source}, "paypal_request_id": request_id}
        return self._call(lambda client: client.vault.create_payment_token(options))

    def payment_tokens(self, customer_id: str) -> Json:
        """GET /v3/vault/payment-tokens of a customer."""
        options = {"customer_id": customer_id}
        return self._call(lambda client: client.vault.list_customer_payment_tokens(options))

    def get_payment_token(self, token_id: str) -> Json:
        """GET /v3/vault/payment-tokens/{id}."""
        return self._call(lambda client: client.vault.get_payment_token(token_id))

    def delete_payment_token(self, token_id: str) -> None:
        """DELETE /v3/vault/payment-tokens/{id}."""
        self._call(lambda client: client.vault.delete_payment_token(token_id), empty=True)

    def disputes(self, capture_id: str) -> Json:
        """GET /v1/customer/disputes of a capture: a summary of each."""
        query = Parameter().key("disputed_transaction_id").value(capture_id)
        return self._call(lambda client: _disputes(client, "GET", query=query))

    def dispute(self, dispute_id: str) -> Json:
        """GET /v1/customer/disputes/{id}."""
        return self._call(lambda client: _disputes(client, "GET", f"/{dispute_id}"))

    def provide_evidence(self, dispute_id: str, notes: str) -> None:
        """POST /v1/customer/disputes/{id}/provide-evidence, a form with one part of JSON."""
        content = {"evidences": [{"evidence_type": "OTHER", "notes": notes}]}
        part = Parameter().key("input").value(json.dumps(content))
        part.default_content_type("application/json")
        path = f"/{dispute_id}/provide-evidence"
        self._call(lambda client: _disputes(client, "POST", path, part=part), empty=True)

    def transactions(self, start: str, end: str, page: int) -> Json:
        """GET /v1/reporting/transactions, 500 a page; `start` and `end` are RFC 3339."""
        options = {
            "start_date": start,
            "end_date": end,
            "fields": "transaction_info",
            "page_size": 500,
            "page": page,
        }
        return self._call(lambda client: client.transaction_search.search_transactions(options))

    def _call(self, send: Callable[[Any], Any], *, empty: bool = False) -> Json:
        try:
            return _sent(send, self._client, empty=empty)
        except ApiRefused as refused:
            if refused.status != UNAUTHORIZED or refused.code == "invalid_client":
                raise
        # The SDK renews a token by its age; one that was withdrawn early it would send for hours.
        self._client = self._new_client()
        return _sent(send, self._client, empty=empty)


def _fetch_token(_: object, auth: Any) -> Any:
    """Asked by the SDK when it has no token in time. Its own way would hide the reason of a no."""
    token = auth.fetch_token()
    if not token.access_token or not token.expires_in:
        raise ValueError("a token without its text or its time")
    return token


def _disputes(
    client: Any, method: str, path: str = "", *, query: Any = None, part: Any = None
) -> Any:
    """The SDK has no calls for disputes: its parts make them, with its token and connections."""
    request = (
        RequestBuilder()
        .server(Server.DEFAULT)
        .path(f"/v1/customer/disputes{path}")
        .http_method(method)
        .header_param(Parameter().key("accept").value("application/json"))
        .auth(Single("Oauth2"))
    )
    if query is not None:
        request.query_param(query)
    if part is not None:
        request.multipart_param(part)
    call = client.orders.new_api_call_builder.request(request)
    return call.response(ResponseHandler().is_api_response(is_api_response=True)).execute()


def _sent(send: Callable[[Any], Any], client: Any, *, empty: bool) -> Json:
    try:
        text = send(client).text
        content = {} if empty else json.loads(text)
    except ApiException as error:
        raise _no(error.response_code, str(error.response.text)) from error
    except (requests.RequestException, HTTPError, OSError, AuthValidationException) as error:
        raise ProviderUnknown(f"no answer: {type(error).__name__}") from error
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise ProviderUnknown(f"unreadable answer: {type(error).__name__}") from error
    if not isinstance(content, dict):
        raise ProviderUnknown("unreadable answer: not an object")
    return content


def _no(status: int, text: str) -> Exception:
    """What an error answer means. Two shapes: PayPal's own, and OAuth's for tokens."""
    code, message, links = f"http_{status}", text[:200], []
    try:
        content = json.loads(text)
        details = content.get("details") or [{}]
        code = str(details[0].get("issue") or content.get("name") or content.get("error") or code)
        message = str(details[0].get("description") or content.get("message") or message)
        links = [dict(link) for link in content.get("links") or []]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        pass  # its status speaks for itself
    certain = status in NO and status not in NOT_A_NO and code not in IN_PROGRESS
    if not certain:
        return ProviderUnknown(f"HTTP {status}: {code}")
    return ApiRefused(status, code, message, links)
