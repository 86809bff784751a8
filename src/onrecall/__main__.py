"""`python -m onrecall` is the command line."""

from onrecall.cli.main import main

main()
