"""Entry point of `python -m sheet11` and of the program `sheet11`; Ctrl-C works from the first import on."""

import sys


def command_line() -> None:
    """Run the command given by the arguments."""
    try:
        from sheet11.course.interrupts import end_on_interrupt

        end_on_interrupt()
        from sheet11.course.cli import main

        main(prog_name="sheet11")
    # only during the first import: from then on `end_on_interrupt` prints this message
    except KeyboardInterrupt:
        sys.exit("\nAborted!")


if __name__ == "__main__":
    command_line()
