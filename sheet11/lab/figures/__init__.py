"""Figures of the sheet, by exercise. The functions draw given values and compute no results."""
