"""What the disk guard of a machine removes, and what it never does."""

from __future__ import annotations

import importlib.util
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest

PROGRAM = Path(__file__).parents[2] / "roles" / "machine" / "files" / "disk_guard.py"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
REPOSITORY = "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/homu"


@pytest.fixture(scope="module")
def disk_guard() -> ModuleType:
    """The program, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("disk_guard", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["disk_guard"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def described(number: int, hours: float, *names: str, digest: str = "", tagged: bool = True) -> dict[str, object]:
    """One image as `docker image inspect` has it: the higher its number of hours, the older."""
    moment = (NOW - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.123456789Z")
    return {
        "Id": f"sha256:{number}",
        "RepoTags": list(names),
        "RepoDigests": [f"{REPOSITORY}@sha256:{digest}"] if digest else None,
        "Created": "2020-01-01T00:00:00Z" if tagged else moment,
        "Metadata": {"LastTagTime": moment if tagged else "0001-01-01T00:00:00Z"},
    }


RELEASES = [described(number, 100 - 10 * number, f"{REPOSITORY}:sha-{number}") for number in range(1, 7)]


@pytest.mark.parametrize(
    ("images", "used", "kept", "newest", "gone"),
    [
        pytest.param(RELEASES, set(), set(), 3, [1, 2, 3], id="the newest three stay"),
        pytest.param(RELEASES, {"sha256:1"}, set(), 3, [2, 3], id="what a container uses stays"),
        pytest.param(RELEASES, set(), {f"{REPOSITORY}:sha-2"}, 3, [1, 3], id="what a rollback needs stays"),
        pytest.param(RELEASES, set(), {"sha256:2"}, 3, [1, 3], id="by its id, too"),
        pytest.param(
            [*RELEASES, described(9, 200, digest="aa")],
            set(),
            {f"{REPOSITORY}@sha256:aa"},
            3,
            [1, 2, 3],
            id="by its digest, too",
        ),
        pytest.param(RELEASES[:3], set(), set(), 3, [], id="as many as stay"),
        pytest.param(RELEASES, set(), set(), 0, [1, 2, 3, 4, 5, 6], id="none stays unless it is needed"),
        pytest.param(
            [*RELEASES, described(7, 0.5, "other:1"), described(8, 0.9, "other:2")],
            set(),
            set(),
            1,
            [1, 2, 3, 4, 5],
            id="what came in the last hour stays",
        ),
        pytest.param(
            [*RELEASES, described(7, 500, "postgres:17"), described(8, 400, "127.0.0.1:5000/web:1")],
            set(),
            set(),
            1,
            [1, 2, 3, 4, 5],
            id="each repository has its own newest",
        ),
        pytest.param([described(1, 90), *RELEASES[1:3]], set(), set(), 3, [1], id="an image without a name goes"),
        pytest.param(
            [described(1, 90, f"{REPOSITORY}:a", "other:b"), *RELEASES[3:]],
            set(),
            set(),
            3,
            [],
            id="one of two repositories needs it",
        ),
        pytest.param(
            [described(1, 0.2, f"{REPOSITORY}:a", tagged=False)], set(), set(), 0, [], id="built in the last hour"
        ),
    ],
)
def test_what_goes_and_in_which_order(
    disk_guard: ModuleType,
    images: list[dict[str, object]],
    used: set[str],
    kept: set[str],
    newest: int,
    gone: list[int],
) -> None:
    parsed = [disk_guard.parse_image(image) for image in reversed(images)]
    removed = disk_guard.removable(parsed, used, kept, newest, NOW)
    assert [image.id for image in removed] == [f"sha256:{number}" for number in gone]


def test_the_kept_are_read_from_all_files(disk_guard: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "homu").write_text("# rollback\nhomu:1\n\n homu:2 \n")
    (tmp_path / "voj").write_text("voj:1")
    assert disk_guard.read_kept(tmp_path) == {"homu:1", "homu:2", "voj:1"}
    assert disk_guard.read_kept(tmp_path / "absent") == set()
