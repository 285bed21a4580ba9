"""The parts of check_identity and follow_checks."""
