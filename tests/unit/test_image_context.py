"""What a build context holds, which hash and which tags it gets."""

from __future__ import annotations

import io
import os
import random
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.aws.errors import SlipwayError
from slipway.image.context import Context, Entry, Recipe, content_hash
from slipway.image.source import commit_of, names_commit, tags_of

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=8)
ENTRIES = st.builds(Entry, NAMES, st.sampled_from(["file", "folder", "link"]), st.booleans(), st.text(max_size=4))
FILES = st.lists(
    st.tuples(ENTRIES, st.text("0123456789abcdef", max_size=8)), unique_by=lambda file: file[0].path, max_size=8
)
MAPS = st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=3)
RECIPES = st.builds(
    Recipe, st.text(max_size=6), st.sampled_from(["linux/amd64", "linux/arm64"]), st.text(max_size=4), MAPS, MAPS
)


@given(FILES, RECIPES, st.randoms(use_true_random=False))
def test_the_order_does_not_count(files: list[tuple[Entry, str]], recipe: Recipe, order: random.Random) -> None:
    shuffled = files[:]
    order.shuffle(shuffled)
    assert content_hash(files, recipe) == content_hash(shuffled, recipe)


@given(FILES, RECIPES, FILES, RECIPES)
def test_anything_else_counts(
    files: list[tuple[Entry, str]], recipe: Recipe, others: list[tuple[Entry, str]], other: Recipe
) -> None:
    same = sorted(files, key=repr) == sorted(others, key=repr) and recipe == other
    assert (content_hash(files, recipe) == content_hash(others, other)) is same


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "service"
    (folder / "app").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY app app\n")
    (folder / "app" / "main.py").write_text("print('hello')\n")
    return folder


def content(root: Path, recipe: Recipe | None = None) -> str:
    return Context(root, recipe or Recipe()).content


def test_times_owners_and_the_umask_do_not_count(root: Path) -> None:
    before = content(root)
    os.utime(root / "app" / "main.py", (1, 1))
    (root / "app" / "main.py").chmod(0o600)
    assert content(root) == before


def test_an_executable_bit_counts(root: Path) -> None:
    before = content(root)
    (root / "app" / "main.py").chmod(0o755)
    assert content(root) != before


def test_an_ignored_file_does_not_count(root: Path) -> None:
    (root / ".dockerignore").write_text("# comment\n\n*.log\n!keep.log\n")
    before = content(root)
    (root / "noise.log").write_text("x")
    assert content(root) == before
    (root / "keep.log").write_text("x")
    assert content(root) != before


def test_a_dockerfile_has_an_ignore_list_of_its_own(root: Path) -> None:
    (root / ".dockerignore").write_text("app\n")
    (root / "Dockerfile.dockerignore").write_text("*.log\n")
    (root / "noise.log").write_text("x")
    paths = {entry.path for entry in Context(root, Recipe()).entries}
    assert "app/main.py" in paths
    assert "noise.log" not in paths


def test_the_dockerfile_is_sent_though_ignored(root: Path) -> None:
    (root / ".dockerignore").write_text("*\n!app\n")
    paths = {entry.path for entry in Context(root, Recipe()).entries}
    assert paths == {".dockerignore", "Dockerfile", "app", "app/main.py"}


def test_what_is_sent_is_what_was_hashed(root: Path) -> None:
    (root / "run").symlink_to("app/main.py")
    (root / "empty").mkdir()
    (root / "app" / "main.py").chmod(0o700)
    context, archive = Context(root, Recipe()), io.BytesIO()
    context.write(archive)
    with tarfile.open(fileobj=archive) as tar:
        members = {item.name: item for item in tar}
        file = tar.extractfile("app/main.py")
        assert file is not None
        assert file.read() == b"print('hello')\n"
    assert set(members) == {"Dockerfile", "app", "app/main.py", "empty", "run"}
    assert members["app/main.py"].mode == 0o755
    assert members["Dockerfile"].mode == 0o644
    assert members["run"].linkname == "app/main.py"
    assert {item.uid for item in members.values()} == {0}


def test_a_file_that_changes_meanwhile_is_found(root: Path) -> None:
    context = Context(root, Recipe())
    assert context.content
    (root / "app" / "main.py").write_text("print('other')\n")
    with pytest.raises(SlipwayError, match="changed while"):
        context.write(io.BytesIO())


def test_an_unreadable_file_is_named(root: Path) -> None:
    secret = root / "app" / "secret"
    secret.symlink_to("main.py")
    context = Context(root, Recipe())
    assert context.entries
    (root / "app" / "main.py").unlink()
    with pytest.raises(SlipwayError, match=r"app/main\.py can't be read"):
        assert context.content


def test_a_missing_dockerfile_names_the_ones_there_are(root: Path) -> None:
    with pytest.raises(SlipwayError) as caught:
        Context(root, Recipe("backend/Dockerfile"))
    assert "there is Dockerfile" in str(caught.value)
    assert "service_dockerfile" in str(caught.value)


def test_a_dockerfile_outside_of_the_context_is_refused(root: Path) -> None:
    (root.parent / "Dockerfile").write_text("FROM scratch\n")
    with pytest.raises(SlipwayError, match="outside of the build context"):
        Context(root, Recipe("../Dockerfile"))


def test_a_missing_context_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SlipwayError, match="there is no folder"):
        Context(tmp_path / "nowhere", Recipe())


# --- git --------------------------------------------------------------------------------------------------


def git(root: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    answer = subprocess.run(["git", *who, "-C", str(root), *arguments], capture_output=True, text=True, check=True)
    return answer.stdout.strip()


@pytest.fixture
def checkout(root: Path) -> Path:
    git(root.parent, "init", "-q")
    (root.parent / ".gitignore").write_text("*.pyc\n")
    git(root.parent, "add", "-A")
    git(root.parent, "commit", "-qm", "first")
    return root


def tags(root: Path) -> tuple[str, ...]:
    context = Context(root, Recipe())
    return tags_of(commit_of(context), context.content)


def test_a_clean_context_has_its_commits_tag(checkout: Path) -> None:
    short = git(checkout, "rev-parse", "--short", "HEAD")
    assert tags(checkout)[0] == f"sha-{short}"
    assert tags(checkout)[1].startswith(f"sha-{short}-")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda root: (root / "app" / "main.py").write_text("changed"), "app/main.py"),
        (lambda root: (root / "app" / "main.py").unlink(), "app/main.py"),
        (lambda root: (root / "new.py").write_text("new"), "new.py"),
        (lambda root: (root / "cache.pyc").write_text("ignored by git, not by Docker"), "cache.pyc"),
    ],
)
def test_what_is_not_committed_is_in_the_tag(checkout: Path, change: object, path: str) -> None:
    assert callable(change)
    change(checkout)
    commit = commit_of(Context(checkout, Recipe()))
    assert commit is not None
    assert commit.changed == (path,)
    (tag,) = tags(checkout)
    assert tag.startswith(f"sha-{commit.short}-dirty-")


def test_what_is_outside_of_the_context_does_not_count(checkout: Path) -> None:
    before = tags(checkout)
    (checkout.parent / "README.md").write_text("other")
    (checkout / "app" / "gone").mkdir()
    assert tags(checkout) == before
    git(checkout.parent, "add", "-A")
    git(checkout.parent, "commit", "-qm", "second")
    assert tags(checkout) == before
    commit = commit_of(Context(checkout, Recipe()))
    assert commit is not None
    assert commit.head == git(checkout, "rev-parse", "HEAD") != commit.full


def test_a_merge_is_the_commit_that_brought_a_change(checkout: Path) -> None:
    git(checkout, "switch", "-qc", "feature")
    (checkout / "app" / "main.py").write_text("feature")
    git(checkout, "commit", "-qam", "feature")
    git(checkout, "switch", "-q", "-")
    git(checkout, "merge", "-q", "--no-ff", "-m", "merge", "feature")
    assert tags(checkout)[0] == f"sha-{git(checkout, 'rev-parse', '--short', 'HEAD')}"


def test_a_context_that_was_never_committed_is_no_commit(checkout: Path) -> None:
    other = checkout.parent / "other"
    other.mkdir()
    (other / "Dockerfile").write_text("FROM scratch\n")
    assert tags(other)[0].startswith("content-")


def test_gits_own_files_do_not_count(root: Path) -> None:
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    before = tags(root)
    (root / ".git" / "description").write_text("other")
    assert tags(root) == before
    assert ".git/description" in {entry.path for entry in Context(root, Recipe()).entries}


def test_without_git_the_content_is_the_tag(root: Path) -> None:
    assert tags(root) == (f"content-{content(root)[:12]}",)


def test_a_repository_without_commits_is_no_commit(root: Path) -> None:
    git(root, "init", "-q")
    assert tags(root)[0].startswith("content-")


def test_a_tag_of_the_right_form_names_a_commit() -> None:
    assert names_commit("sha-1a2b3c4") == "1a2b3c4"
    assert names_commit("v1.2.3") == names_commit("sha-1a2b3c4-dirty-0123456789ab") == names_commit("latest") == ""
