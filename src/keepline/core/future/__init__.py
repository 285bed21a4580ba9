"""What the clock would do to a whole base: the sweep's steps on arrays, without a database.

Pure like the rest of core. All but `figures` import numpy and are imported only when somebody asks
for the future. docs/simulate.md tells the algorithm in prose, with what it assumes.
"""
