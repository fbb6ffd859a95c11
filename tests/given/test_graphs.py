"""Graphs against networkx and their definitions, and the statistics of random graphs."""

import math
from collections import Counter

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sheet11.given import graphs
from sheet11.given.graphs import (
    GRAPHS,
    grid,
    karate_club,
    load_graph,
    random_neighbourhoods,
    two_block_model,
)

law = settings(deadline=None, max_examples=50)


def edges(graph):
    return list(map(tuple, graph.edge_index.T.tolist()))


def same(graph, other):
    return all(np.array_equal(ours, theirs) for ours, theirs in zip(graph, other, strict=True))


@pytest.mark.parametrize("name", GRAPHS)
def test_form(name):
    graph = load_graph(name)
    assert graph.num_nodes == len(graph.labels) == len(graph.positions)
    assert graph.edge_index.dtype == graph.labels.dtype == torch.int64
    assert len(np.unique(graph.positions, axis=0)) == graph.num_nodes, (
        "drawn in places of their own"
    )
    counts = Counter(edges(graph))
    assert set(counts.values()) == {1}
    assert all((v, u) in counts and u != v for u, v in counts)
    assert set(graph.labels.tolist()) == {0, 1}


def test_karate_club_is_that_of_networkx_without_weights():
    graph, expected = karate_club(), nx.karate_club_graph()
    assert {(u, v) for u, v in edges(graph) if u < v} == set(expected.edges)
    clubs = nx.get_node_attributes(expected, "club")
    assert graph.labels.tolist() == [clubs[node] != "Mr. Hi" for node in range(34)]


@law
@given(st.integers(1, 6), st.integers(1, 6))
def test_grid_joins_places_at_distance_one(rows, columns):
    graph = grid(rows, columns)
    assert graph.num_nodes == rows * columns
    places = graph.positions
    distance = np.abs(places[:, None] - places).sum(axis=2)
    assert sorted(edges(graph)) == list(map(tuple, np.argwhere(distance == 1)))
    column = places[:, 0] - places[:, 0].min()
    assert graph.labels.tolist() == (column >= columns / 2).tolist()


@pytest.mark.parametrize("largest_pairwise", [1000, 0])
@pytest.mark.parametrize(("p_in", "p_out"), [(0.3, 0.1), (1, 0), (0, 1), (0, 0)])
def test_every_pair_of_the_two_blocks_is_as_likely(p_in, p_out, largest_pairwise, monkeypatch):
    monkeypatch.setattr(graphs, "_PAIRWISE", largest_pairwise)
    draws = 1000
    count = torch.zeros(8, 8)
    for seed in range(draws):
        u, v = two_block_model(4, p_in, p_out, seed).edge_index
        count[u, v] += 1
    block = torch.arange(8) // 4
    p = torch.where(block[:, None] == block, p_in, p_out).float().fill_diagonal_(0)
    assert ((count - draws * p).abs() <= 4.5 * (draws * p * (1 - p)).sqrt()).all()


def test_large_graphs_take_little_time_and_are_what_they_should_be():
    blocks = two_block_model(91_000, 10 / 91_000, 1 / 91_000)
    u, v = blocks.edge_index
    assert (u != v).all() and len((u * 182_000 + v).unique()) == len(u)
    assert len(u) == pytest.approx(2 * 1_001_000, rel=0.01)


def test_load_graph():
    assert same(load_graph("karate", seed=5), karate_club())
    assert same(load_graph("grid", seed=5, nodes=5000), grid(71, 71))
    assert same(load_graph("sbm", seed=5, nodes=5001), two_block_model(2500, 0.004, 0.0004, seed=5))
    assert same(load_graph("sbm", seed=5), two_block_model(50, 0.2, 0.02, seed=5))
    assert not same(load_graph("sbm", seed=5), load_graph("sbm", seed=6))
    assert load_graph("sbm", nodes=6).edge_index.shape[1] >= 12  # both blocks are complete


@law
@given(st.integers(1, 20), st.integers(1, 6), st.integers(1, 3), st.integers(0, 10**6))
def test_every_node_has_neighbours_and_the_first_the_most(num_nodes, max_degree, channels, seed):
    messages, index = random_neighbourhoods(num_nodes, max_degree, channels, seed)
    degree = index.bincount(minlength=num_nodes)
    assert len(degree) == num_nodes
    assert 1 <= degree.min() and degree.max() == degree[0] == max_degree
    assert torch.equal(index, index.sort().values)
    assert messages.shape == (len(index), channels)


def test_neighbourhoods_are_uniform_and_messages_normal():
    messages, index = random_neighbourhoods(6000, 3, 2)
    frequency = index.bincount().bincount()[1:] / 6000
    assert frequency.tolist() == pytest.approx([1 / 3] * 3, abs=4 * math.sqrt(2 / 9 / 6000))
    assert abs(messages.mean()) < 4 / math.sqrt(messages.numel())
    assert messages.var().item() == pytest.approx(1, abs=4 * math.sqrt(2 / messages.numel()))
    again, other = random_neighbourhoods(6000, 3, 2), random_neighbourhoods(6000, 3, 2, seed=1)
    assert torch.equal(again[0], messages) and not torch.equal(other[1], index)
