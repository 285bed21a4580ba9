"""Events of the fake, signed as PayPal signs, by a certificate that it makes at its start."""

import base64
import json
import uuid
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

Json = dict[str, Any]
CERTIFICATE: Final = "CERT-fake"
PLACE: Final = f"https://api.sandbox.paypal.com/v1/notifications/certs/{CERTIFICATE}"
SUBJECT: Final = "messageverificationcerts.sandbox.paypal.com"


class Signer:
    """One key, one certificate valid for a year around `now`."""

    def __init__(self, webhook_id: str, now: datetime, subject: str = SUBJECT) -> None:
        self.webhook_id = webhook_id
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=182))
            .not_valid_after(now + timedelta(days=183))
            .sign(self._key, SHA256())
        )
        self.pem = certificate.public_bytes(Encoding.PEM)

    def headers(self, body: bytes, at: datetime, transmission: str = "") -> dict[str, str]:
        """What PayPal would send beside `body`."""
        transmission = transmission or str(uuid.uuid4())
        sent = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        signed = f"{transmission}|{sent}|{self.webhook_id}|{zlib.crc32(body)}".encode()
        return {
            "PAYPAL-TRANSMISSION-ID": transmission,
            "PAYPAL-TRANSMISSION-TIME": sent,
            "PAYPAL-TRANSMISSION-SIG": base64.b64encode(
                self._key.sign(signed, PKCS1v15(), SHA256())
            ).decode(),
            "PAYPAL-CERT-URL": PLACE,
            "PAYPAL-AUTH-ALGO": "SHA256withRSA",
            "content-type": "application/json",
        }


def body_of(kind: str, resource: Json, at: datetime) -> bytes:
    """An event in PayPal's shape."""
    content = {
        "id": f"WH-{uuid.uuid4().hex.upper()}",
        "event_version": "1.0",
        "create_time": at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "event_type": kind,
        "summary": "An event of the fake",
        "resource": resource,
    }
    return json.dumps(content).encode()
