"""Figures of the sheet, by exercise. Every function draws what it is given; none computes results."""
