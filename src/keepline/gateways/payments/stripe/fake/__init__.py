"""FakeStripe: a small process that speaks the part of Stripe's API that the adapter uses.

No money moves here. It takes form-encoded calls and answers in Stripe's shapes, keeps idempotency
keys as Stripe does and signs webhooks, each of which it sends once; it has no page to pay on.

    api.py      /v1, for the seller         objects.py   sessions, intents, charges, refunds
    stored.py   what is kept for later      disputes.py  what a bank asks back
    control.py  /control, for tests         store.py     SQLite, JSON bodies
    events.py   signed webhooks             serve.py     one process on loopback
    forms.py    Stripe's form encoding
"""
