"""FakeAlipay beside Alipay's own client: each believes the other's form and signature.

The adapter does not use that client (sdk.py says why), so that it is a second witness here.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from alipay.aop.api.AlipayClientConfig import AlipayClientConfig  # type: ignore[import-untyped]
from alipay.aop.api.DefaultAlipayClient import DefaultAlipayClient  # type: ignore[import-untyped]
from alipay.aop.api.request.AlipayTradeQueryRequest import (  # type: ignore[import-untyped]
    AlipayTradeQueryRequest,
)
from alipay.aop.api.response.AlipayTradeQueryResponse import (  # type: ignore[import-untyped]
    AlipayTradeQueryResponse,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from keepline.gateways.loopback import LOOPBACK
from tests.gateways.alipay_process import APP_ID, AlipayProcess, alipay_process
from tests.gateways.contract_payments import a_request
from tests.gateways.inbox import Inbox


@pytest.fixture(scope="module")
def alipay(
    tmp_path_factory: pytest.TempPathFactory, shared_inbox: Inbox
) -> Iterator[AlipayProcess]:
    folder = tmp_path_factory.mktemp("alipay")
    with alipay_process(folder, f"{shared_inbox.url}/hook") as process:
        yield process


@pytest.fixture
def client(alipay: AlipayProcess) -> Any:
    """Alipay's client with the application's keys; it wants PKCS#1."""
    config = AlipayClientConfig()
    key = load_pem_private_key(alipay.app_key.encode(), None)
    pkcs1 = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    config.app_id, config.app_private_key = APP_ID, pkcs1.decode().strip()
    config.alipay_public_key = alipay.alipay_public_key.strip()
    return DefaultAlipayClient(config)


def test_alipays_client_is_believed_and_believes(alipay: AlipayProcess, client: Any) -> None:
    provider, request = alipay.adapter(), a_request(1999, "CNY")
    alipay.visit(provider.open_payment(request).checkout_url)
    query = AlipayTradeQueryRequest()
    query.biz_content = {"out_trade_no": request.payment_id.hex}
    sent = dict(parse_qsl(client.sdk_execute(query)))
    answer = httpx.post(f"{alipay.url}/gateway.do", data=sent, **LOOPBACK)
    content = client._DefaultAlipayClient__parse_response(answer.content)
    response = AlipayTradeQueryResponse()
    response.parse_response_content(content)
    assert response.is_success()
    assert (response.trade_status, response.total_amount) == ("WAIT_BUYER_PAY", "19.99")


def test_our_requests_have_the_fields_of_alipays_client(alipay: AlipayProcess, client: Any) -> None:
    gateway = alipay.adapter()._gateway
    ours = gateway._signed("alipay.trade.query", {"out_trade_no": "1"}, {})
    query = AlipayTradeQueryRequest()
    query.biz_content = {"out_trade_no": "1"}
    theirs = dict(parse_qsl(client.sdk_execute(query)))
    moving = ("timestamp", "sign")
    assert ours.keys() == theirs.keys()
    assert all(ours[name] == theirs[name] for name in ours if name not in moving)
