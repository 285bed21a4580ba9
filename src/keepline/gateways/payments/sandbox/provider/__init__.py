"""The sandbox provider: a separate process that behaves as a payment provider does.

No real money moves here, and its pages say so. It has what a real one has (API with idempotency
keys, hosted checkout, signed webhooks that are retried) and, on demand, what a real one does on
its bad days: declines, delays, duplicates, lost webhooks, cut connections.

    api.py, stored_api.py       /v1, for the seller     books.py      payments, the rules
    pages.py, storing_pages.py  for the payer           refunds.py    and disputes.py: money back
    rendering.py, words.py      how pages are made      methods.py    ways to pay that are kept
    control.py                  /control, for tests     charges.py    and what is taken by them
    behaviour.py                goes wrong on demand    deliveries.py webhooks until acknowledged
    magic.py, cards.py          amounts and cards that  store.py      SQLite, durable at each commit
                                do so by themselves     crash.py      where a test may kill it
                                                        serve.py      one process on loopback
"""
