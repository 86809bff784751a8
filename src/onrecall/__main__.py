"""`python -m onrecall` is the command line."""

from onrecall.cli.entry import main

main()
