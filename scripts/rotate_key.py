"""`python scripts/rotate_key.py …` is `roomd rotate-key …`, for one-off dynos and cron."""

import sys

from roomd.cli import main

main(["rotate-key", *sys.argv[1:]], prog_name="roomd")
