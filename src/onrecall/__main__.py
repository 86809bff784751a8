"""`python -m onrecall` is the command line."""

from onrecall.doors.cli import main

main()
