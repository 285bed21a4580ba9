"""PayPal behind the payment port: Orders v2 by the official server SDK. docs/providers/paypal.md

adapter.py       the port's calls         signature.py     believes webhooks
sdk.py           the SDK, and its errors  certificates.py  who signs them
reading.py       orders and refunds       amounts.py       minor units and decimal texts
books.py         what was captured        bodies.py        what is sent
orders.py        captured once, closed    stored.py        what PayPal keeps for later
declines.py      what a no means          disputes.py      what payers dispute
    fake/            a fake of PayPal
"""
