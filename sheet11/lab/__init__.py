"""Helpers inside a notebook: records, answers, progress, figures, sliders."""
