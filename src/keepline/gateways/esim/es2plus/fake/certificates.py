"""A throw-away authority for the fake: its server's certificate and one for its operator.

Files in a folder: ca.pem, server.pem, server.key, client.pem, client.key. The authority's own key
is not kept, so nobody can be added later.
"""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LASTS: Final = timedelta(days=3650)
NAMES: Final = ("ca.pem", "server.pem", "server.key", "client.pem", "client.key")


def keep_certificates(folder: Path) -> None:
    """Makes all of them, unless all are there."""
    if all((folder / name).exists() for name in NAMES):
        return
    folder.mkdir(parents=True, exist_ok=True)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("fake-smdp authority", authority_key, None, authority_key, ())
    _write(folder / "ca.pem", authority.public_bytes(serialization.Encoding.PEM))
    usages = {
        "server": ("localhost", ExtendedKeyUsageOID.SERVER_AUTH),
        "client": ("fake-smdp operator", ExtendedKeyUsageOID.CLIENT_AUTH),
    }
    for name, (common_name, usage) in usages.items():
        key = ec.generate_private_key(ec.SECP256R1())
        signed = _certificate(common_name, key, authority, authority_key, (usage,))
        _write(folder / f"{name}.pem", signed.public_bytes(serialization.Encoding.PEM))
        _write(
            folder / f"{name}.key",
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )


def _certificate(
    common_name: str,
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate | None,
    authority_key: ec.EllipticCurvePrivateKey,
    usages: Sequence[x509.ObjectIdentifier],
) -> x509.Certificate:
    """Without `authority` it is the authority's own."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = datetime.now(UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.subject if authority else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LASTS)
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), critical=True)
        .add_extension(identifier(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
    )
    if authority is None:
        builder = builder.add_extension(_may_sign(), critical=True)
    if usages:
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(authority_key, hashes.SHA256())


def _may_sign() -> x509.KeyUsage:
    return x509.KeyUsage(
        key_cert_sign=True,
        crl_sign=True,
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
