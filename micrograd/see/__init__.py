"""To see: a graph in pictures that fold, a backward pass that steps, and why."""
