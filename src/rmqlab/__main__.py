"""`python -m rmqlab`: the command line."""

import sys

from rmqlab.cli import main

sys.exit(main())
