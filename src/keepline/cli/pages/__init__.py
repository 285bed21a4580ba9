"""Pages of docs/ that are made from the code; each module has one `page()`."""
