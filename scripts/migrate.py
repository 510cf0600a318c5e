"""`python scripts/migrate.py …` is `roomd migrate …`, for one-off dynos and cron."""

import sys

from roomd.cli import main

main(["migrate", *sys.argv[1:]], prog_name="roomd")
