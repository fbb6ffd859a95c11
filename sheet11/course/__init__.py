"""Run, sweep, release and grade notebooks that have a parameters cell and records."""
