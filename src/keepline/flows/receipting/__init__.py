"""What a receipt says, in the reader's language: for the page that shows it, and for letters."""
