"""A fake: a gateway whose messages go nowhere, as a program of its own for tests."""
