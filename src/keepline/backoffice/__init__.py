"""Entrance: pages for the operator's staff. Whoever is not staff finds none of them (404)."""
