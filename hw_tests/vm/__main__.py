"""Run the harness without ./dev: python -m hw_tests.vm [OPTION...] -- COMMAND."""

import sys

from hw_tests.vm.command import main

sys.exit(main(sys.argv[1:]))
