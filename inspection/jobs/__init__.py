"""Work that takes minutes: training and the gate, as processes of their own, one at a time."""
