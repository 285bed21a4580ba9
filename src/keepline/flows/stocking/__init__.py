"""The parts of import_stock: columns, judging a row, loading a batch in sets."""
