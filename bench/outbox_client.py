"""Plain smtplib clients with a connection each: what bench.outbox stands beside."""

import smtplib
import sys
import uuid
from pathlib import Path
from threading import Thread


def send(port: int, before: bytes, after: bytes, count: int) -> None:
    with smtplib.SMTP("127.0.0.1", port) as server:
        for _ in range(count):
            content = before + str(uuid.uuid4()).encode() + after
            server.sendmail("no-reply@example.org", ["holder@example.org"], content)


def main() -> None:
    port, sample, count, threads = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    head, rest = Path(sample).read_bytes().split(b"Message-ID: <", 1)
    before, after = head + b"Message-ID: <", b"@" + rest.split(b"@", 1)[1]
    shares = [count // threads + (place < count % threads) for place in range(threads)]
    print("ready", flush=True)
    sys.stdin.readline()
    running = [Thread(target=send, args=(port, before, after, share)) for share in shares]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


if __name__ == "__main__":
    main()
