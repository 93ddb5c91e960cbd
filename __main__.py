"""`python -m cspec` is `cspec`."""

import sys

from .cli.main import main

sys.exit(main())
