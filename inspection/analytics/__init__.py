"""What many results together say: yield, control chart, Pareto."""
