"""`python scripts/create_admin.py …` is `roomd create-admin …`, for one-off dynos and cron."""

import sys

from roomd.cli import main

main(["create-admin", *sys.argv[1:]], prog_name="roomd")
