"""Calls to addresses that holders name: they reach the internet, and nothing that is inside."""
