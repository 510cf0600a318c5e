"""`python scripts/restore.py …` is `roomd restore …`, for one-off dynos and cron."""

import sys

from roomd.cli import main

main(["restore", *sys.argv[1:]], prog_name="roomd")
