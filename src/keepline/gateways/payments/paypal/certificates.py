"""The certificates that PayPal signs webhooks with: fetched from PayPal, checked, kept.

Trust comes of the place: https, on a host of PayPal's, under the path of its certificates. The
header that names the place comes from whoever sends the webhook, so that nothing else is fetched.
PayPal does not promise that the file holds a chain that could be walked to a root, so that this is
not asked for; beside the place, the certificate must name PayPal and be valid in time.
"""

import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import NameOID

from keepline.gateways.payments.port import ProviderUnknown, SignatureRefused

Fetch = Callable[[str], bytes]  # PEM of an https address; raises OSError
DOMAIN: Final = ".paypal.com"
SANDBOX: Final = ".sandbox.paypal.com"
FOLDER: Final = "/v1/notifications/certs/"
TIMEOUT_S: Final = 5
KEPT: Final = 16  # PayPal has a handful; a stranger shall not fill our memory
# Nor make us wait, or be a nuisance at PayPal: whoever names new addresses is told to come again.
AT_ONCE: Final = 2
A_MINUTE: Final = 20
LONGEST_PEM: Final = 64 * 1024


def fetched_over_tls(url: str) -> bytes:
    """The real road. Redirects are not followed: the place was checked, the next one was not."""
    try:
        answer = httpx.get(url, timeout=TIMEOUT_S, follow_redirects=False)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise OSError(f"{type(error).__name__} at {url}") from error
    return answer.content


class Certificates:
    """Keys by address; safe to share between threads. `sandbox`: whose webhooks are believed."""

    def __init__(self, fetch: Fetch, *, sandbox: bool) -> None:
        self._fetch = fetch
        self._sandbox = sandbox
        self._kept: dict[str, x509.Certificate] = {}
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._fetched_at: deque[datetime] = deque(maxlen=A_MINUTE)

    def key(self, url: str, now: datetime) -> RSAPublicKey:
        """The public key at that address, else SignatureRefused.

        ProviderUnknown when too many addresses are being asked for: PayPal sends again.
        """
        if not self._is_place(url):
            raise SignatureRefused("the certificate is not at PayPal")
        with self._lock:
            found = self._kept.get(url)
        if found is None:
            found = self._fetched_in_turn(url, now)
        if not found.not_valid_before_utc <= now <= found.not_valid_after_utc:
            raise SignatureRefused("the certificate is not valid now")
        key = found.public_key()
        if not _names_paypal(found) or not isinstance(key, RSAPublicKey):
            raise SignatureRefused("the certificate is not PayPal's")
        with self._lock:
            if url not in self._kept and len(self._kept) >= KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[url] = found
        return key

    def _fetched_in_turn(self, url: str, now: datetime) -> x509.Certificate:
        if not self._places.acquire(blocking=False):
            raise ProviderUnknown("certificates are being fetched, and no place is free")
        try:
            with self._lock:
                full = len(self._fetched_at) == A_MINUTE
                if full and self._fetched_at[0] > now - timedelta(minutes=1):
                    raise ProviderUnknown("certificates were fetched too often")
                self._fetched_at.append(now)
            return self._fetched(url)
        finally:
            self._places.release()

    def _fetched(self, url: str) -> x509.Certificate:
        try:
            pem = self._fetch(url)
            if len(pem) > LONGEST_PEM:
                raise SignatureRefused("the certificate is too long")
            return x509.load_pem_x509_certificates(pem)[0]
        except OSError as error:  # PayPal sends again, for three days
            raise SignatureRefused(f"the certificate cannot be fetched: {error}") from error
        except ValueError:
            raise SignatureRefused("no certificate stands there") from None

    def _is_place(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            plain = parts.port is None and parts.username is None and not parts.query
        except ValueError:
            return False
        host = parts.hostname or ""
        name = parts.path.removeprefix(FOLDER)
        return (
            parts.scheme == "https"
            and plain
            and host.endswith(DOMAIN)
            and host.endswith(SANDBOX) == self._sandbox
            and parts.path.startswith(FOLDER)
            and name.isascii()
            and name.replace("-", "").isalnum()
        )


def _names_paypal(certificate: x509.Certificate) -> bool:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return any(str(name.value).endswith(DOMAIN) for name in names)
