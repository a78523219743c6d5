"""When an image is used, built or refused; what the engine's stream and its failures become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from slipway.aws.clients import Aws, Connection
from slipway.aws.errors import SlipwayError
from slipway.image.failures import build_failure, no_engine, push_failure
from slipway.image.plan import Wanted, decide
from slipway.image.progress import BuildLog, PushLog
from slipway.image.registry import Image, Repository
from slipway.image.source import Commit

AMD, ARM = "linux/amd64", "linux/arm64"
HEAD = Commit("1a2b3c4d" * 5, "1a2b3c4", head="5e6f7a8b" * 5)
DIRTY = Commit(HEAD.full, HEAD.short, ("app/main.py",))
DERIVED = ("sha-1a2b3c4", "sha-1a2b3c4-cafe")
SAME, OTHER, FOREIGN = Image("sha256:1", "cafe", AMD), Image("sha256:2", "beef", AMD), Image("sha256:3", "", AMD)
FOREIGN_ARM = Image("sha256:4", "", ARM)


@dataclass(frozen=True)
class Case:
    name: str
    wanted: Wanted
    found: Mapping[str, Image] = field(default_factory=dict)
    mutable: bool = False
    expected: tuple[str, str] | str = ""

    def __str__(self) -> str:
        return self.name


def derived(**given: object) -> Wanted:
    return Wanted(**{"tags": DERIVED, "platform": AMD, "content": "cafe", "commit": HEAD, **given})  # type: ignore[arg-type]


def explicit(tag: str, **given: object) -> Wanted:
    return derived(tags=(tag,), explicit=True, **given)


def lookup(tag: str) -> Wanted:
    return explicit(tag, content="", commit=None)


FIRST, SECOND = DERIVED
CASES = [
    Case("nothing there", derived(), expected=("push", FIRST)),
    Case("the same there", derived(), {FIRST: SAME}, expected=("use", FIRST)),
    Case("the commit's tag is of other content", derived(), {FIRST: OTHER}, expected=("push", SECOND)),
    Case("and mutable: still not moved", derived(), {FIRST: OTHER}, True, expected=("push", SECOND)),
    Case("the second tag was made before", derived(), {FIRST: OTHER, SECOND: SAME}, expected=("use", SECOND)),
    Case("the first expired", derived(), {SECOND: SAME}, expected=("use", SECOND)),
    Case("another tool's", derived(), {FIRST: FOREIGN}, expected=("use", FIRST)),
    Case("another tool's for ARM", derived(), {FIRST: FOREIGN_ARM}, expected=("push", SECOND)),
    Case("both taken", derived(), {FIRST: OTHER, SECOND: OTHER}, expected="set service_image_tag"),
    Case("forced", derived(force=True), {FIRST: SAME}, True, expected=("push", FIRST)),
    Case("forced, immutable", derived(force=True), {FIRST: SAME}, expected="leave force out"),
    Case("forced, nothing there", derived(force=True), expected=("push", FIRST)),
    Case("release tag, new", explicit("v1"), expected=("push", "v1")),
    Case("release tag, same", explicit("v1"), {"v1": SAME}, expected=("use", "v1")),
    Case("release tag, other, immutable", explicit("v1"), {"v1": OTHER}, expected="commit the change"),
    Case("release tag, other, mutable", explicit("v1"), {"v1": OTHER}, True, expected=("push", "v1")),
    Case("release tag, another tool's, immutable", explicit("v1"), {"v1": FOREIGN}, expected=("use", "v1")),
    Case("release tag, another tool's, mutable", explicit("v1"), {"v1": FOREIGN}, True, expected=("push", "v1")),
    Case("release tag, forced, immutable", explicit("v1", force=True), {"v1": SAME}, expected="leave force out"),
    Case("this commit, new", explicit("sha-1a2b3c4"), expected=("push", "sha-1a2b3c4")),
    Case("this commit, with changes", explicit("sha-1a2b3c4", commit=DIRTY), expected="with 1 changed files"),
    Case("the commit that is checked out, new", explicit("sha-5e6f7a8"), expected=("push", "sha-5e6f7a8")),
    Case("another commit, there", explicit("sha-9999999"), {"sha-9999999": OTHER}, True, ("use", "sha-9999999")),
    Case("another commit, not there", explicit("sha-9999999"), expected="git switch --detach 9999999"),
    Case("looked up, there", lookup("v1"), {"v1": OTHER}, expected=("use", "v1")),
    Case("looked up, not there", lookup("v1"), expected="the image v1 is not in the repository"),
    Case("looked up, for another platform", lookup("v1"), {"v1": FOREIGN_ARM}, expected="service_cpu_architecture"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_decision(case: Case) -> None:
    if isinstance(case.expected, str):
        with pytest.raises(SlipwayError) as caught:
            decide(case.wanted, case.found, lambda _: case.mutable)
        assert case.expected in str(caught.value)
        return
    decision = decide(case.wanted, case.found, lambda _: case.mutable)
    assert (decision.verb, decision.tag) == case.expected
    assert decision.image == case.found.get(decision.tag)


@pytest.mark.parametrize(
    ("mutability", "tag", "expected"),
    [
        ("MUTABLE", "v1", True),
        ("IMMUTABLE", "v1", False),
        ("IMMUTABLE_WITH_EXCLUSION", "latest", True),
        ("IMMUTABLE_WITH_EXCLUSION", "v1", False),
        ("MUTABLE_WITH_EXCLUSION", "latest", False),
        ("MUTABLE_WITH_EXCLUSION", "v1", True),
    ],
)
def test_which_tags_can_be_moved(mutability: str, tag: str, expected: bool) -> None:
    described = {
        "repositoryName": "voj",
        "repositoryUri": "1.dkr.ecr.ap-northeast-2.amazonaws.com/voj",
        "imageTagMutability": mutability,
        "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "lat*"}]
        if "EXCLUSION" in mutability
        else [],
    }
    assert Repository(Aws(Connection("ap-northeast-2")), described).mutable(tag) is expected


# --- what the engine streams ------------------------------------------------------------------------------


def built(*streams: str, error: str = "") -> BuildLog:
    log = BuildLog()
    for stream in streams:
        log.feed({"stream": stream}, 0)
    if error:
        log.feed({"error": error, "errorDetail": {"message": error}}, 0)
    return log


def test_a_build_in_lines() -> None:
    log = BuildLog()
    events: list[dict[str, Any]] = [
        {"stream": "Step 1/2 : FROM python:3.13-slim\n"},
        {"status": "Pulling from library/python", "id": "3.13-slim"},
        {"status": "Downloading", "id": "a", "progressDetail": {"current": 5_000_000, "total": 30_000_000}},
        {"status": "Downloading", "id": "b", "progressDetail": {"current": 1, "total": 10_000_000}},
        {"status": "Pull complete", "id": "a", "progressDetail": {}},
        {"stream": " ---> Using cache\n"},
        {"stream": "Step 2/2 : RUN  pip install   -r requirements.txt\n"},
        {"stream": "Collecting fast"},
        {"stream": "api\n"},
        {"aux": {"ID": "sha256:abc"}},
        {"stream": "Successfully built abc\n"},
    ]
    lines = [log.feed(event, second * 0.6) for second, event in enumerate(events)]
    assert [line for line in lines if line] == [
        "step 1/2: FROM python:3.13-slim",
        "pulling the base image: 0/1 layers, 5.0/30 MB",
        "pulling the base image: 1/2 layers, 30/40 MB",
        "step 2/2: RUN pip install -r requirements.txt",
    ]
    assert (log.image, log.steps, log.cached, log.tail()) == ("sha256:abc", 2, 1, ["Collecting fastapi"])


def test_a_push_says_at_most_one_line_a_second() -> None:
    log = PushLog()
    events: list[dict[str, Any]] = [
        {"status": "Preparing", "id": layer, "progressDetail": {}} for layer in ("a", "b", "c")
    ] + [
        {"status": "Layer already exists", "id": "a", "progressDetail": {}},
        {"status": "Mounted from base", "id": "b", "progressDetail": {}},
        *(
            {"status": "Pushing", "id": "c", "progressDetail": {"current": mb * 1_000_000, "total": 120_000_000}}
            for mb in range(0, 125, 5)
        ),
        {"status": "Pushed", "id": "c", "progressDetail": {}},
        {"aux": {"Tag": "v1", "Digest": "sha256:d", "Size": 5}},
    ]
    lines = [line for number, event in enumerate(events) if (line := log.feed(event, number * 0.1))]
    assert lines == [
        "pushing: 0/1 layers",
        "pushing: 2/3 layers, 25/120 MB",
        "pushing: 2/3 layers, 75/120 MB",
        "pushing: 3/3 layers, 120/120 MB",
    ]
    assert log.line() == "pushing: 3/3 layers, 120/120 MB"
    assert log.digest == "sha256:d"


def test_a_failing_step_shows_its_last_lines() -> None:
    said = [f"line {number}\r\n" for number in range(40)]
    log = built(
        "Step 3/9 : RUN make\n",
        " ---> Running in 0123\n",
        *said,
        error="The command '/bin/sh -c make' returned a non-zero code: 2",
    )
    text = str(build_failure(log, "backend/Dockerfile", AMD))
    assert "backend/Dockerfile, step 3/9: RUN make" in text
    assert "non-zero code: 2" in text
    assert "line 39" in text
    assert "line 20" in text
    assert "line 19" not in text
    assert "Running in" not in text


def test_a_progress_bar_is_one_line() -> None:
    assert built("Step 1/1 : RUN x\n", "10%\r20%\r", "100%\n").tail() == ["100%"]


@pytest.mark.parametrize(
    ("text", "output", "error", "expected"),
    [
        ("FROM nowhere:1", "", "pull access denied for nowhere, repository does not exist", "docker login"),
        ("FROM python:3.99", "", "manifest for python:3.99 not found: manifest unknown", "docker pull python:3.99"),
        (
            "FROM --platform=linux/amd64 python:3 AS build",
            "",
            'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host',
            "the network and the proxy",
        ),
        (
            "FROM python:3",
            "",
            "image with reference python:3 was found but does not match the specified platform",
            "the base image python:3 is not there for linux/arm64",
        ),
        ("RUN pip install x", "exec /bin/sh: exec format error\n", "returned a non-zero code: 1", "binfmt"),
        ("COPY a b", "", "write /var/lib/docker/tmp/x: no space left on device", "docker system prune"),
        ("RUN --mount=type=cache x", "", "the --mount option requires BuildKit", "needs BuildKit"),
    ],
)
def test_a_failed_build_says_what_to_do(text: str, output: str, error: str, expected: str) -> None:
    log = built(f"Step 1/2 : {text}\n", output, error=error)
    assert expected in str(build_failure(log, "Dockerfile", ARM))


def test_a_dockerfile_that_can_not_be_parsed_is_named() -> None:
    log = built(error="dockerfile parse error line 3: unknown instruction: FORM")
    assert str(build_failure(log, "Dockerfile", AMD)).startswith("Dockerfile: dockerfile parse error line 3")
    assert "service_build_target" in str(
        build_failure(built(error="failed to reach build target b"), "Dockerfile", AMD)
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("tag invalid: The image tag 'v1' already exists and the repository is immutable.", "service_image_tag"),
        ("denied: User: arn:aws:iam::1:user/x is not authorized to perform: ecr:InitiateLayerUpload", "PutImage"),
        ("no basic auth credentials", "allow ecr:"),
        ("name unknown: The repository with name 'voj' does not exist in the registry", "create the repository voj"),
        ("Put http://127.0.0.1:4566/v2/: dial tcp 127.0.0.1:4566: connection refused", "does not answer"),
        ("received unexpected HTTP status: 500", "run the same command again"),
        ("write /var/lib/docker: no space left on device", "make room"),
    ],
)
def test_a_refused_push_says_what_to_do(said: str, expected: str) -> None:
    text = str(push_failure(said, "127.0.0.1:4566/voj:v1"))
    assert expected in text
    assert text.startswith("127.0.0.1:4566/voj:v1: ")


def test_no_engine() -> None:
    assert "start Docker" in str(no_engine("Connection refused"))
    assert "the group docker" in str(no_engine("PermissionError(13, 'Permission denied')"))
