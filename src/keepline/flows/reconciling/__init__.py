"""The parts of reconcile: what a comparison of two books leaves behind."""
