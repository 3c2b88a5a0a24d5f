"""`python -m trimtab`."""

from trimtab.cli.app import main

main()
