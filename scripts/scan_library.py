"""`python scripts/scan_library.py …` is `roomd scan-library …`, for one-off dynos and cron."""

import sys

from roomd.cli import main

main(["scan-library", *sys.argv[1:]], prog_name="roomd")
