"""`python -m inspection` is the command `inspection`."""

import sys

from inspection.cli import main

if __name__ == "__main__":
    sys.exit(main())
