"""`python -m sheet11`, and the program `sheet11`: the command line, which may be interrupted as soon as it starts."""

import sys


def command_line() -> None:
    """Run the command that the arguments name."""
    try:
        from sheet11.course.interrupts import end_on_interrupt

        end_on_interrupt()
        from sheet11.course.cli import main

        main(prog_name="sheet11")
    except (
        KeyboardInterrupt
    ):  # before anything but this was imported; from then on interrupts say this themselves
        sys.exit("\nAborted!")


if __name__ == "__main__":
    command_line()
