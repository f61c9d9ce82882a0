"""To see: a graph in pictures that fold, the order in which it is walked, and why."""
