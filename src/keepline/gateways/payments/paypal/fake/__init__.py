"""A fake of PayPal, called a fake everywhere: a process on loopback that moves no money.

It speaks the part of PayPal's HTTP API that the adapter uses, so that tests go through PayPal's
own SDK. It forgets everything at its end and is refused in production.

    app.py      PayPal's roads              books.py     orders, captures, refunds
    vault.py    what is kept for later      disputes.py  what payers complain about
    control.py  what tests make happen     webhooks.py  events, signed by a self-made certificate
    __main__.py one process on loopback    place.py     how an adapter is pointed at it
"""
