"""`python scripts/cleanup_rooms.py [--hours N] [--dry-run]` is `roomd cleanup-rooms`, for one-off dynos and cron."""

import sys

from roomd.cli import main

main(["cleanup-rooms", *sys.argv[1:]], prog_name="roomd")
