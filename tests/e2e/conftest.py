"""An account as a first user has it, for the tests of one file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demo import embedded_aws
from demo.embedded_aws import EmbeddedAws
from demo.seed import seed


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory, python_image: str) -> Iterator[EmbeddedAws]:
    """The embedded AWS with real containers."""
    started = embedded_aws.start(tmp_path_factory.mktemp("aws"), containers=True)
    try:
        seed(started)
        yield started
    finally:
        embedded_aws.stop(started, build_cache=False)
