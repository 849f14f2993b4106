"""Entry point of `python -m tenter`."""

import sys

try:
    from tenter.cli import main
    from tenter.console import Patient, say
    from tenter.errors import CLEAN, INCONCLUSIVE
except KeyboardInterrupt:  # loading takes a moment
    sys.stderr.write("tenter: interrupted\n")
    sys.exit(3)

sys.stdout, sys.stderr = Patient(sys.stdout), Patient(sys.stderr)
code = main()
sys.stdout.flush()
if sys.stdout.lost:
    say(f"the output could not be written: {sys.stdout.lost}")
    code = INCONCLUSIVE if code == CLEAN else code
sys.exit(code)
