"""python3 slipway-host.pyz <verb>."""

import sys

from slipway_host.main import main

sys.exit(main(sys.argv[1:]))
