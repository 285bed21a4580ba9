"""The sandbox provider: a separate process that behaves as a payment provider does.

No real money moves here, and its pages say so. It has what a real one has (API with idempotency
keys, hosted checkout, signed webhooks that are retried) and, on demand, what a real one does on
its bad days: declines, delays, duplicates, lost webhooks, cut connections.

    api.py       /v1, for the seller's system      books.py       payments and refunds, the rules
    control.py   /control, for tests               deliveries.py  webhooks until acknowledged
    pages.py     /checkout, for the payer          store.py       SQLite, durable at every commit
    behaviour.py what goes wrong on demand         crash.py       where a test may kill it
    magic.py     amounts that do so by themselves  serve.py       one process on loopback
"""
