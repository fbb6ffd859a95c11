"""Mathematics that students get: attention, softmax, graphs, propagation, training."""
