"""Where verdicts go: one short module per kind of output, each behind its own queue and thread."""
