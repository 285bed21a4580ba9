"""Stripe: holders pay on Stripe's own page, so that no card number comes near Keepline.

Needs the extra `keepline[stripe]`. docs/providers/stripe.md tells operators how to connect it.
"""
