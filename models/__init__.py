"""Training, evaluation and export: the only package that loads torch."""

import os

# torch's OpenMP threads spin at every barrier by default. Where another process wants the core too (a station, the
# plant service), each barrier then costs a scheduler's turn: with one busy neighbour on two cores, fitting a head took
# 75 s instead of 7 s. The library reads this once, when torch is loaded, so it must be set before.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
