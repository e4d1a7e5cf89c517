"""`python -m clearbar` is the command line."""

from clearbar.cli import main

main()
