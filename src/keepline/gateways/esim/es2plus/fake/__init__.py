"""A fake SM-DP+: no phone could use its profiles. Shipped for demo, development and tests."""
