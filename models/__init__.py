"""Training, evaluation and export: the only package that loads torch."""
