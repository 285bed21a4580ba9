"""The parts of import_base: reading a file, judging a row, loading a batch in sets."""
