"""Kernels that are forks of a process that has imported already what notebooks use."""
