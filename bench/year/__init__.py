"""A year in a test clock: a random base, bad weather at every port, processes killed all the while.

`python -m bench.year` makes an installation and lets the year pass there (run.py). tests/machines
does the same with a few lines. What must hold at each month's end is in checks.py.
"""
