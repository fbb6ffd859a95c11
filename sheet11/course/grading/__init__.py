"""Grading of submissions: restore, execute, judge and store."""
