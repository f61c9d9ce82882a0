"""To see what happens in a graph: gradients explained, with the user's numbers."""
