"""ecr_image against the embedded AWS and a real Docker engine: real builds, real pushes."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from docker import DockerClient

from demo.engine import remove_images
from slipway.aws.errors import SlipwayError
from slipway.engine.options import argument_spec, documentation_of, validated
from slipway.image import deliver as delivery
from slipway.image.engine import Engine
from slipway.image.registry import CONTENT_LABEL
from tests.emulators.emulator import Emulator

LIBRARY = Path(__file__).resolve().parents[2] / "library"
SPEC = argument_spec(documentation_of(LIBRARY / "ecr_image.py"))
TAG = "v1"


class Service:
    """A service's folder and repository, and its image as a task would deliver it."""

    def __init__(self, folder: Path, emulator: Emulator) -> None:
        self.folder = folder
        self.registry = urlsplit(emulator.endpoint).netloc
        self._emulator = emulator
        self.ecr = emulator.client("ecr")
        self.lines: list[str] = []

    def deliver(self, *, check: bool = False, **options: Any) -> dict[str, Any]:
        given = {
            "region": "ap-northeast-2",
            "endpoint_url": self._emulator.endpoint,
            "registry": self.registry,
            "repository": "voj",
            "context": str(self.folder),
            **options,
        }
        known = {key: value for key, value in given.items() if value is not None}
        return delivery.deliver(validated("ecr_image", SPEC, known)[0], check=check, report=self.lines.append)

    def images(self) -> list[Mapping[str, Any]]:
        return list(self.ecr.describe_images(repositoryName="voj")["imageDetails"])


@pytest.fixture
def service(tmp_path: Path, ministack: Emulator, docker_engine: DockerClient) -> Iterator[Service]:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY app /app\n")
    (tmp_path / "app").write_text("first")
    made = Service(tmp_path, ministack)
    made.ecr.create_repository(repositoryName="voj", imageTagMutability="IMMUTABLE")
    yield made
    remove_images(docker_engine, (f"{made.registry}/",), build_cache=True)


@pytest.mark.usefixtures("docker_engine")
class TestImage:
    def test_it_is_built_and_pushed_once(self, service: Service, docker_engine: DockerClient) -> None:
        planned = service.deliver(check=True)
        assert planned["changed"]
        assert (planned["digest"], service.images()) == ("", [])

        first = service.deliver()
        assert (first["changed"], first["built"], first["pushed"]) == (True, True, True)
        assert first["tag"] == planned["tag"] == f"content-{first['content'][:12]}"
        # The engine, the registry and the result speak of one image.
        local = docker_engine.images.get(f"{first['uri']}:{first['tag']}")
        assert local.attrs["RepoDigests"] == [first["image"]]
        assert local.labels[CONTENT_LABEL] == first["content"]
        (there,) = service.images()
        assert there["imageDigest"] == first["digest"]

        before = list(service.lines)
        again = service.deliver()
        assert [again[key] for key in ("changed", "built", "pushed")] == [False] * 3
        assert {key: again[key] for key in ("image", "tag", "digest", "size", "content", "platform")} == {
            key: first[key] for key in ("image", "tag", "digest", "size", "content", "platform")
        }
        assert service.lines == before
        assert again["api_calls"] == 4
        assert not service.deliver(check=True)["changed"]

    def test_the_digest_can_be_pulled(self, service: Service, docker_engine: DockerClient) -> None:
        made = service.deliver()
        docker_engine.images.remove(f"{made['uri']}:{made['tag']}", force=True)
        pulled = docker_engine.images.pull(made["image"])
        assert pulled.labels[CONTENT_LABEL] == made["content"]
        docker_engine.images.remove(made["image"], force=True)

    def test_it_needs_no_engine_when_it_is_there(self, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        made = service.deliver()
        monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
        assert service.deliver()["image"] == made["image"]
        assert service.deliver(context=None, tag=made["tag"])["image"] == made["image"]
        assert service.deliver(digest=made["digest"])["image"] == made["image"]
        (service.folder / "app").write_text("second")
        with pytest.raises(SlipwayError, match="no Docker engine answers"):
            service.deliver()

    def test_new_content_is_a_new_tag(self, service: Service) -> None:
        first = service.deliver()
        (service.folder / "app").write_text("second")
        second = service.deliver()
        assert second["changed"]
        assert first["tag"] != second["tag"]
        assert len(service.images()) == 2

    def test_an_immutable_tag_is_not_moved(self, service: Service) -> None:
        first = service.deliver(tag=TAG)
        (service.folder / "app").write_text("second")
        with pytest.raises(SlipwayError) as caught:
            service.deliver(tag=TAG)
        assert "it is immutable" in str(caught.value)
        assert service.deliver(tag=TAG, build=False)["image"] == first["image"]

    def test_a_mutable_tag_is_moved(self, service: Service) -> None:
        service.ecr.put_image_tag_mutability(repositoryName="voj", imageTagMutability="MUTABLE")
        first = service.deliver(tag=TAG)
        (service.folder / "app").write_text("second")
        planned = service.deliver(tag=TAG, check=True)
        assert first["digest"] in planned["diff"]["before"]
        second = service.deliver(tag=TAG)
        assert second["changed"]
        assert second["digest"] != first["digest"]
        assert not service.deliver(tag=TAG)["changed"]

    def test_other_build_arguments_of_one_commit_have_their_own_tag(self, service: Service) -> None:
        git = ["git", "-C", str(service.folder), "-c", "user.name=T", "-c", "user.email=t@example.com"]
        for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
            subprocess.run([*git, *arguments], check=True)
        first = service.deliver()
        other = service.deliver(build_args={"LEVEL": "debug"})
        assert first["tag"] == f"sha-{first['commit'][:7]}"
        assert other["tag"] == f"{first['tag']}-{other['content'][:12]}"
        assert not service.deliver()["changed"]
        assert not service.deliver(build_args={"LEVEL": "debug"})["changed"]

    def test_another_platform_is_another_image(self, service: Service) -> None:
        made = service.deliver(tag=TAG, platform="linux/arm64")
        assert made["platform"] == "linux/arm64"
        with pytest.raises(SlipwayError, match="is for linux/arm64 and the service for linux/amd64"):
            service.deliver(tag=TAG, build=False)

    def test_a_missing_tag_names_the_ones_there_are(self, service: Service) -> None:
        service.deliver(tag=TAG)
        with pytest.raises(SlipwayError) as caught:
            service.deliver(context=None, tag="sha-9999999")
        assert "it has v1 (newest first)" in str(caught.value)
        assert "service_image_tag, repository voj" in str(caught.value)

    def test_a_missing_repository(self, service: Service) -> None:
        with pytest.raises(SlipwayError, match="there is no repository other"):
            service.deliver(repository="other")
        planned = service.deliver(repository="other", check=True)
        assert planned["changed"]
        assert planned["image"] == f"{service.registry}/other:{planned['tag']}"

    def test_a_push_that_was_cut_off_is_finished_by_the_next(
        self, service: Service, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def die(*_: Any, **__: Any) -> str:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(Engine, "push", die)
            with pytest.raises(KeyboardInterrupt):
                service.deliver()
        assert service.images() == []
        assert service.deliver()["pushed"]
        assert any("2 of them from the cache" in line or "3 of them" in line for line in service.lines)
        assert not service.deliver()["changed"]

    def test_the_token_is_nowhere_but_in_memory(self, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
        home = service.folder.parent / f"{service.folder.name}-home"
        home.mkdir()
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("DOCKER_CONFIG", str(home))
        result = service.deliver()
        assert list(home.iterdir()) == []
        assert "ministack-auth-token" not in repr(result) + "".join(service.lines)

    def test_a_registry_that_is_down(self, service: Service) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            closed = f"127.0.0.1:{free.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(SlipwayError) as caught:
            service.deliver(registry=closed)
        assert "does not answer" in str(caught.value)
        assert time.monotonic() - started < 60

    def test_a_failing_step_shows_its_output(self, service: Service, python_image: str) -> None:
        (service.folder / "Dockerfile").write_text(f"FROM {python_image}\nRUN echo the reason && exit 3\n")
        with pytest.raises(SlipwayError) as caught:
            service.deliver()
        text = str(caught.value)
        assert "Dockerfile, step 2/3: RUN echo the reason && exit 3" in text
        assert "    the reason" in text
        assert "non-zero code: 3" in text

    def test_a_base_image_that_can_not_be_pulled(self, service: Service) -> None:
        (service.folder / "Dockerfile").write_text("FROM 127.0.0.1:9/nowhere:1\n")
        with pytest.raises(SlipwayError, match=r"the base image 127\.0\.0\.1:9/nowhere:1 can't be pulled"):
            service.deliver()

    def test_a_dockerfile_that_can_not_be_read(self, service: Service) -> None:
        (service.folder / "Dockerfile").write_text("FORM scratch\n")
        with pytest.raises(SlipwayError, match=r"^Dockerfile: dockerfile parse error line 1"):
            service.deliver()

    def test_neither_tag_nor_context(self, service: Service) -> None:
        with pytest.raises(SlipwayError, match="neither a tag, nor a digest, nor a build context"):
            service.deliver(context=None)
