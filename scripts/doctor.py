"""`python scripts/doctor.py …` is `roomd doctor …`, for one-off dynos and cron."""

import sys

from roomd.cli import main

main(["doctor", *sys.argv[1:]], prog_name="roomd")
