"""Keepline keeps prepaid lines alive. ARCHITECTURE.md is the map."""
