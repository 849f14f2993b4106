"""Entry point of `python -m tenter`."""

import sys

from tenter.cli import main
from tenter.console import Patient

sys.stdout, sys.stderr = Patient(sys.stdout), Patient(sys.stderr)
code = main()
sys.stdout.flush()
sys.exit(code)
