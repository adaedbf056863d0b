"""`python -m org`: the same as the console script."""

from org.cli.main import main

main()
