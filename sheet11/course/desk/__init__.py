"""Marking page: one task at a time across all students, without names."""
