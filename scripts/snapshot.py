"""`python scripts/snapshot.py …` is `roomd snapshot …`, for one-off dynos and cron."""

import sys

from roomd.cli import main

main(["snapshot", *sys.argv[1:]], prog_name="roomd")
