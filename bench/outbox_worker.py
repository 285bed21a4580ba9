"""What a worker does with messages, in a process that bench.outbox starts and kills."""

import sys
import threading
from datetime import timedelta

import django


def main() -> None:
    django.setup()
    from keepline.flows.telling import ways
    from keepline.workers import channels

    channels.LEASE = timedelta(seconds=int(sys.argv[2]))
    channels.LOOK_EVERY_S = 0.2
    stop = threading.Event()
    threads = [
        threading.Thread(target=channels.watch_outbox, args=(stop,)),
        threading.Thread(target=channels.watch, args=(ways.way(sys.argv[1]), stop)),
    ]
    print("ready", flush=True)
    sys.stdin.readline()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
