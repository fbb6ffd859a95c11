"""Explorers of the sheet with its own functions, and their controls as a person sees them."""

from functools import partial

import sheet11
from sheet11.lab.explore.aggregation import explore_aggregation
from sheet11.lab.explore.encoding import explore_encoding
from sheet11.lab.explore.oversmoothing import explore_oversmoothing
from sheet11.lab.explore.scores import explore_scores
from sheet11.scores import predict_cross_term

encoding = partial(explore_encoding, sheet11.positional_encoding)
scores = partial(
    explore_scores, sheet11.positional_encoding, sheet11.attention_scores, predict_cross_term
)
aggregation = partial(explore_aggregation, sheet11.softargmax_aggregate)
oversmoothing = partial(
    explore_oversmoothing,
    sheet11.normalized_adjacency,
    sheet11.softargmax_aggregate,
)

ALL = {
    "encoding": encoding,
    "scores": scores,
    "aggregation": aggregation,
    "oversmoothing": oversmoothing,
}


class Explorer:
    """Controls by name, what a screen reader is told, the picture, and all figures that were drawn."""

    def __init__(self, box, figures):
        controls, self.told, self.image, _ = box.children
        self.controls = {control.description: control for control in controls.children}
        self.figures = figures

    def set(self, **values):
        for name, value in values.items():
            self.controls[name].value = value

    def panels(self):
        return self.figures[-1].axes
