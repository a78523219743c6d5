"""HOMU on one machine with Docker Compose, from its first release to its reboot.

All of it is collected here: the tests of a file stay on one worker, and so one machine is enough.
"""

import pytest

from tests.lab.compose.first import *  # noqa: F403

from tests.lab.compose.breaks import *  # isort: skip # noqa: F403
from tests.lab.compose.survives import *  # isort: skip # noqa: F403
from tests.lab.compose.services import *  # isort: skip # noqa: F403

pytestmark = [pytest.mark.docker, pytest.mark.ministack, pytest.mark.timeout(600)]
