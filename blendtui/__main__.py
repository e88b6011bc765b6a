"""`python -m blendtui`."""

import sys

from blendtui.cli import main

sys.exit(main())
