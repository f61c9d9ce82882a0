"""To see: what a graph holds, the order in which it is walked, and why."""
