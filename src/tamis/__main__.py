"""``python -m tamis``: the command line."""

from tamis.cli.app import main

if __name__ == "__main__":
    main()
