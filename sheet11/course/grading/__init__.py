"""Grading: take in, execute, score, mark, hand back, each apart from the others."""
