"""Kernels forked from a process that has already imported what notebooks use."""
