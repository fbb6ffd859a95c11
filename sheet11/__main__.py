"""`python -m sheet11`: the command line, where the program `sheet11` is not on the path."""

from sheet11.course.cli import main

main(prog_name="sheet11")
