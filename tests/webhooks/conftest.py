"""An audit after each test, as everywhere."""

from tests.books import books_are_right

__all__ = ["books_are_right"]
