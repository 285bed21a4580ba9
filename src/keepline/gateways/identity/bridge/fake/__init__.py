"""A fake identity provider: whoever sits before its page says what becomes of the check."""
