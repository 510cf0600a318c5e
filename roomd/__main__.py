"""`python -m roomd` is `roomd`."""

from roomd.cli import main

main(prog_name="roomd")
