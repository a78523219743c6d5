"""The report as files, for machines and for people."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from ...aws.errors import SlipwayError
from .html import html
from .junit import junit
from .markdown import markdown
from .report import Report


def as_json(report: Report) -> str:
    """The report as one JSON document."""
    return json.dumps(report.result(), indent=2, ensure_ascii=False) + "\n"


# GitHub takes 1 MiB of a step.
_SUMMARY = 1_000_000
_FORMS: dict[str, Callable[[Report], str]] = {
    "drift.json": as_json,
    "drift.xml": junit,
    "drift.md": markdown,
    "drift.html": html,
}


def written(report: Report, folder: Path) -> list[Path]:
    """Write every form of the report into the folder; in GitHub Actions the job's summary, too.

    Raises:
        SlipwayError: the folder can't be written to.
    """
    files = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, form in _FORMS.items():
            file = folder / name
            unfinished = file.with_suffix(f"{file.suffix}.new")
            unfinished.write_text(form(report), encoding="utf-8")
            unfinished.replace(file)
            files.append(file)
    except OSError as error:
        raise SlipwayError(
            f"the report can't be written: {error.strerror or error}",
            where=str(folder),
            remedy="give a folder that you may write to: -e drift_report_dir=...",
        ) from error
    return files


def summarised(report: Report) -> bool:
    """Add it to the summary of a job of GitHub Actions; say whether there is one that takes it.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary
    """
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return False
    text = markdown(report)
    while len(text.encode()) > _SUMMARY:
        text = text[: len(text) * 9 // 10].rpartition("\n")[0] + "\n\nThe rest is in the report's files.\n"
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        # Nobody misses a check for its summary.
        return False
    return True
