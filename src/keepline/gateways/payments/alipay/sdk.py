"""What is used of Alipay's own library (alipay-sdk-python): its requests and its signature.

Its client is not. It cannot speak to a gateway with a port, takes a signature with any hash (MD5
too) for good, stamps requests with the machine's local time where Alipay reads China's, and puts
whole answers, with the payer's account, into its exceptions.

The library has some thousand modules and may be absent, so the few that are needed are imported
at their first use.
"""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType


class LibraryMissing(RuntimeError):
    """Alipay is configured, but its library is not installed."""


def require_library() -> None:
    """Raises LibraryMissing at start rather than at the first payment."""
    if find_spec("alipay") is None:
        raise LibraryMissing(
            "Alipay's library is not installed. Install it with: pip install keepline[alipay]"
        )


def params_of(api: str, content: Mapping[str, str]) -> dict[str, str]:
    """`method`, `version` and `biz_content` of a call, e.g. alipay.trade.query, as Alipay's
    library writes them. ValueError for a field that this call does not have."""
    word = "".join(part.capitalize() for part in api.split("."))
    model = getattr(_module(f"domain.{word}Model"), f"{word}Model").from_alipay_dict(dict(content))
    if model.to_alipay_dict() != content:  # it drops what it does not know without a word
        raise ValueError(f"{api} has not all of {sorted(content)}")
    request = getattr(_module(f"request.{word}Request"), f"{word}Request")(biz_model=model)
    params: dict[str, str] = request.get_params()
    return params


def signed_content(params: Mapping[str, str]) -> str:
    """What is signed of these parameters: name=value, in the order of the names."""
    content: str = _module("util.SignatureUtils").get_sign_content(dict(params))
    return content


def sign(private_key: str, content: str) -> str:
    """The RSA2 signature (SHA256withRSA, base64) by a PKCS#1 key in PEM."""
    signature: str = _module("util.SignatureUtils").sign_with_rsa2(private_key, content, "utf-8")
    return signature


def _module(name: str) -> ModuleType:
    return import_module(f"alipay.aop.api.{name}")
