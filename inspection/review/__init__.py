"""People look at what stations flagged and say what is true."""
