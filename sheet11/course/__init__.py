"""Run, sweep, release and grade notebooks that have a parameters cell and records."""

from importlib.metadata import version

VERSION = version("sheet11")  # part of every result's key
