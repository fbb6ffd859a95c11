"""Sliders of the sheet, by exercise: figures that are redrawn when their settings change."""
