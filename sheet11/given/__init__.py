"""Mathematics given to the students.

| file           | formulas                                                  | exercise |
|----------------|-----------------------------------------------------------|----------|
| attention.py   | self-attention V softmax(KᵀQ/√p)                          | 1a       |
| toeplitz.py    | lag profile, deviation from a Toeplitz matrix, half width | 1b       |
| softmax.py     | lse, soft(arg)max                                         | 2        |
| graphs.py      | karate club, grid, two-block model, random neighbourhoods | 2, 3     |
| propagation.py | X⁽ˡ⁺¹⁾ = P X⁽ˡ⁾, decay rate of the energy                 | 3a       |
| gcn.py         | graph convolutional network with layers ReLU(P H W)       | 3b       |
| training.py    | cross-entropy, accuracy, linear probe                     | 3b       |

checks.py, tensors.py and edges.py check arguments; conventions.py names the conventions of E.
"""
