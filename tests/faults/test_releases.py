"""What a person sees of a release that goes wrong, and what their users see: nothing."""

from __future__ import annotations

import pytest

from tests.faults.releasing import Service, breaks

pytestmark = [pytest.mark.docker, pytest.mark.ministack, pytest.mark.timeout(300)]


def test_a_container_that_crashes_at_its_start(service: Service) -> None:
    broken = {"VERSION": "broken", "EXIT_AT_START": "3"}
    result = breaks(
        service, "the container web exited with code 3", "fatal: leaving with 3", service_environment=broken
    )
    assert service.records()[1].cause_code == "exit_code", result.output


def test_no_capacity(service: Service) -> None:
    breaks(service, "capacity", scenario="no-capacity")
