"""TLS with certificates on both sides, as ES2+ asks for."""

import ssl
from pathlib import Path


def mutual_tls(certificate: Path, key: Path, authorities: Path) -> ssl.SSLContext:
    """Shows our certificate, believes those authorities alone, checks the server's name.

    Raises OSError (a file cannot be read) and ssl.SSLError (it holds something else).
    """
    context = ssl.create_default_context(cafile=authorities)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context
