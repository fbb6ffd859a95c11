"""Sandbox for untrusted answers."""
