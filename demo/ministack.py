"""ministack as it is, but for its haste and its forgetfulness.

It asks the Docker engine of each task ten times a second: a third of its own work, and half of the engine's. Once a
second tells of a container that ended soon enough.

Its reset forgets the layers of images, which the engine then compresses and sends again: 20 seconds of work for 125 MB.
Its DeleteRepository keeps them, too; repositories and images are forgotten.
"""

from __future__ import annotations

import time
from threading import current_thread
from typing import Any

from ministack.app import main
from ministack.services import ecr, ecs

_PAUSE = 0.9
_look: Any = ecs._maybe_mark_stopped
_reset: Any = ecr.reset


def _look_unhurried(*args: Any) -> None:
    # Whoever describes a task is told at once.
    if current_thread().name.startswith("ministack-ecs-watch-"):
        time.sleep(_PAUSE)
    _look(*args)


def _reset_all_but_layers() -> None:
    layers, ecr._layer_blobs = ecr._layer_blobs, type(ecr._layer_blobs)()
    _reset()
    ecr._layer_blobs = layers


if __name__ == "__main__":
    ecr.reset = _reset_all_but_layers
    ecs._maybe_mark_stopped = _look_unhurried
    main()
