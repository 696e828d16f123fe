"""Commands of this package: shells around training, evaluation and the gate."""
