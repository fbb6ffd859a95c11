"""The explorers of the sheet with its own functions, and what a person has in front of him."""

from ipywidgets import HTML, Image, VBox

import sheet11
from sheet11.lab.explore.aggregation import explore_aggregation
from sheet11.lab.explore.encoding import explore_encoding
from sheet11.lab.explore.oversmoothing import explore_oversmoothing
from sheet11.lab.explore.scores import explore_scores
from sheet11.scores import predict_cross_term


def cross_term_std(E, sigma):
    """As the notebook's answer: off the diagonal, and on it."""
    return predict_cross_term(E, sigma)


def encoding(**start):
    """Explore the encoding."""
    explore_encoding(sheet11.positional_encoding, **start)


def scores(**start):
    """Explore the scores."""
    explore_scores(sheet11.positional_encoding, sheet11.attention_scores, cross_term_std, **start)


def aggregation(**start):
    """Explore the aggregation."""
    explore_aggregation(sheet11.softargmax_aggregate, **start)


def oversmoothing(**start):
    """Explore the propagation."""
    explore_oversmoothing(
        sheet11.normalized_adjacency,
        sheet11.dirichlet_energy,
        sheet11.mean_average_distance,
        sheet11.softargmax_aggregate,
        **start,
    )


ALL = {explore.__name__: explore for explore in (encoding, scores, aggregation, oversmoothing)}


class Explorer:
    """What a person has in front of him: controls by name, what a screen reader is told, the picture; its figure."""

    def __init__(self, box, figure):
        controls, self.told, self.image, _ = box.children
        assert (
            isinstance(box, VBox) and isinstance(self.told, HTML) and isinstance(self.image, Image)
        )
        self.controls = {control.description: control for control in controls.children}
        self.figure = figure

    def set(self, **values):
        for name, value in values.items():
            self.controls[name].value = value

    def panels(self):
        return [ax for ax in self.figure.axes if ax.get_label() != "<colorbar>"]
