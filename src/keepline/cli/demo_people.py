"""Who may sign in to the demo base: (who, e-mail, password). No Django here."""

SIGN_INS = [
    ("Mei (Chinese)", "mei@example.com", "quiet river and nine bridges"),
    ("Alice (a fleet)", "alice@example.com", "a lighthouse in the fog"),
    ("Oleh (no line yet)", "oleh@example.com", "sunflowers along the road"),
    ("Olga (operator)", "olga@example.com", "seven keys on one old ring"),
]
