"""`python -m sheet11`, and the program `sheet11`: the command line, which may be interrupted as soon as it starts."""

import sys


def command_line() -> None:
    """Run the command that the arguments name."""
    try:
        from sheet11.course.interrupts import heed_interrupts

        heed_interrupts()
        from sheet11.course.cli import main

        main(prog_name="sheet11")
    except KeyboardInterrupt:  # while the command line itself is imported; from then on click says this
        sys.exit("\nAborted!")


if __name__ == "__main__":
    command_line()
