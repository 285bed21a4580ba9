"""One call to Alipay's gateway: signed by us, answered and signed by Alipay."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from keepline.gateways.payments.port import ProviderUnknown

from . import sdk
from .keys import Keys
from .reading import SUCCESS, readable
from .times import written

_WORD: Final = re.compile(r'"sub_code"\s*:\s*"([\w.-]{1,64})"')
_SIGN: Final = re.compile(r'"sign"\s*:\s*"([A-Za-z0-9+/=]+)"')
REFUSED: Final = "40004"  # a business failure; every other code says nothing about the business


class Gateway:
    """Safe to share between threads. `timeout_s` bounds each wait."""

    def __init__(
        self, url: str, app_id: str, keys: Keys, timeout_s: float, clock: Callable[[], datetime]
    ) -> None:
        self._url = url
        self._app_id = app_id
        self._keys = keys
        self._clock = clock
        self._http = httpx.Client(timeout=timeout_s)

    def page(self, api: str, content: Mapping[str, str], **addresses: str) -> str:
        """The signed address of a page of Alipay's; no call is made."""
        return f"{self._url}?{urlencode(self._signed(api, content, addresses))}"

    def call(self, api: str, content: Mapping[str, str]) -> dict[str, Any]:
        """The content that Alipay signed: a success or a business failure.

        Raises ProviderUnknown for anything else: no answer, a fault of the gateway, a wrong
        signature, an answer to another call.
        """
        params = self._signed(api, content, {})
        try:  # without the charset in the address the gateway reads the body as GBK
            answer = self._http.post(self._url, params={"charset": "utf-8"}, data=params)
        except httpx.HTTPError as error:
            raise ProviderUnknown(f"{api}: {type(error).__name__}") from error
        if answer.status_code != httpx.codes.OK:
            raise ProviderUnknown(f"{api}: HTTP {answer.status_code}")
        with readable():
            found = self._believed(api, answer.content.decode("utf-8"))
            if found["code"] not in (SUCCESS, REFUSED):
                raise ProviderUnknown(f"{api}: {found['code']} {found.get('sub_code', '')}")
            return found

    def download(self, url: str) -> bytes:
        """A file whose address Alipay told. Raises ProviderUnknown."""
        try:
            answer = self._http.get(url)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ProviderUnknown(f"download: {type(error).__name__}") from error
        if answer.status_code != httpx.codes.OK:
            raise ProviderUnknown(f"download: HTTP {answer.status_code}")
        return answer.content

    def _signed(
        self, api: str, content: Mapping[str, str], addresses: Mapping[str, str]
    ) -> dict[str, str]:
        params = {
            **sdk.params_of(api, content),
            **{name: url for name, url in addresses.items() if url},  # Alipay signs no empty ones
            "app_id": self._app_id,
            "charset": "utf-8",
            "format": "json",
            "sign_type": "RSA2",
            "timestamp": written(self._clock()),
        }
        return {**params, "sign": self._keys.sign(sdk.signed_content(params))}

    def _believed(self, api: str, text: str) -> dict[str, Any]:
        """The object under this call's name, when the signature is of exactly its text."""
        name = f'"{api.replace(".", "_")}_response"'
        begin = text.index("{", text.index(name) + len(name))
        content, end = json.JSONDecoder().raw_decode(text, begin)
        signature = _SIGN.search(text, end)
        if signature is None or not self._keys.fits(signature[1], text[begin:end]):
            said = _WORD.search(text)  # a gateway that does not know us does not sign
            raise ProviderUnknown(f"{api}: not signed by Alipay ({said[1] if said else 'no word'})")
        found: dict[str, Any] = content
        return found
