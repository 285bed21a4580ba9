"""A fake clearing house: the numbers of no country. Shipped for demo, development and tests."""
