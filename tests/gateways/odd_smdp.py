"""An SM-DP+ out of its mind: over mutual TLS it answers whatever a test puts into it."""

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from keepline.gateways.esim.es2plus.adapter import Es2PlusSmdp
from keepline.gateways.esim.es2plus.fake.certificates import keep_certificates
from keepline.gateways.esim.es2plus.tls import mutual_tls


@dataclass
class OddSmdp:
    """`answers` is given to every call; `heard` has (path, headers, body) of each."""

    tls_folder: Path
    address: str = "127.0.0.1"
    port: int = 0
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    drips: bool = False  # one byte a moment, for ever
    heard: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)

    def say(self, content: object, status: int = 200, **headers: str) -> None:
        self.status, self.headers = status, headers
        self.body = content if isinstance(content, bytes) else json.dumps(content).encode()

    def adapter(self, timeout_s: float = 5, folder: Path | None = None) -> Es2PlusSmdp:
        shown = folder or self.tls_folder
        tls = mutual_tls(shown / "client.pem", shown / "client.key", self.tls_folder / "ca.pem")
        return Es2PlusSmdp(
            f"https://{self.address}:{self.port}/base", "1.3.6.1.4.1.5", tls, timeout_s
        )


def ended(status: str, *codes: str, **fields: object) -> dict[str, object]:
    """An answer with this status, and these fields beside its header."""
    said: dict[str, object] = {"status": status}
    if codes:
        said["statusCodeData"] = {"subjectCode": codes[0], "reasonCode": codes[1]}
    return {"header": {"functionExecutionStatus": said}, **fields}


@contextmanager
def odd_smdp(folder: Path, address: str = "127.0.0.1") -> Iterator[OddSmdp]:
    keep_certificates(folder)
    odd = OddSmdp(folder, address)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            heard = {name.lower(): value for name, value in self.headers.items()}
            odd.heard.append((self.path, heard, json.loads(body)))
            self.send_response(odd.status)
            for name, value in odd.headers.items():
                self.send_header(name.replace("_", "-"), value)
            if not odd.drips:
                self.send_header("content-length", str(len(odd.body)))
            self.end_headers()
            self.wfile.write(odd.body)
            while odd.drips:
                self.wfile.write(b" ")
                time.sleep(0.05)

        def log_message(self, *_: object) -> None:
            return

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            return  # callers who hang up, or show a wrong certificate, are what is tested

    server = Quiet((address, 0), Handler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "server.pem", folder / "server.key")
    tls.load_verify_locations(folder / "ca.pem")
    tls.verify_mode = ssl.CERT_REQUIRED
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    odd.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield odd
    odd.drips = False
    server.shutdown()
    server.server_close()
