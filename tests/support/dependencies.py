"""Where `make test` puts the program that audits dependencies."""

import sys
from pathlib import Path

__all__ = ["PIP_AUDIT"]

PIP_AUDIT = Path(sys.prefix) / "audit" / "bin" / "pip-audit"
