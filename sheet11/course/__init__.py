"""Running, re-running, releasing and grading notebooks: any that have a parameters cell and records."""

from importlib.metadata import version

VERSION = version("sheet11")  # results of another version are made anew
