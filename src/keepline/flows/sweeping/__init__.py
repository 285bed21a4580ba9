"""The parts of sweep_lines: tables that Python decides once, and the statement that renews many."""
