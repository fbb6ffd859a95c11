"""Mathematics given to the students: attention, softmax, graphs, propagation, training."""
