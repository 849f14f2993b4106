"""Entry point of `python -m tenter`."""

import sys

from tenter.cli import main

sys.exit(main())
