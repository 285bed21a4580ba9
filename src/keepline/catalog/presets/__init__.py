"""Catalogues for the five real kinds of line, as files an operator can read and load."""
