"""The report as JUnit XML: a test case for each resource that is not as described, and one for each clean service.

https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ..finding import Finding
from .report import Report, shown

# What XML 1.0 has no place for: https://www.w3.org/TR/xml/#charsets
_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Report) -> str:
    """One test suite."""
    suite = Element("testsuite", name=_plain(f"drift {report.environment}"), timestamp=report.started_at)
    failures = errors = skipped = 0
    for one in report.ordered:
        case = _case(suite, one)
        if one.state == "drift":
            failures += 1
            _told(SubElement(case, "failure", message=_plain(one.what), type=one.severity), one)
        elif one.state == "unreadable":
            errors += 1
            _told(SubElement(case, "error", message=_plain(one.what), type="unreadable"), one)
        else:
            skipped += 1
            SubElement(case, "skipped", message=_plain(f"{one.state}: {one.reason or one.what}"))
    for host, why in report.errors.items():
        errors += 1
        case = SubElement(suite, "testcase", classname=_plain(host), name="the check")
        SubElement(case, "error", message="not checked").text = _plain(why)
    touched = {name for one in report.findings for name in one.services} | set(report.errors)
    for host in report.services:
        if host not in touched:
            SubElement(suite, "testcase", classname=_plain(host), name="all is as described")
    counts = {"tests": len(suite), "failures": failures, "errors": errors, "skipped": skipped}
    suite.attrib.update({name: str(count) for name, count in counts.items()}, time=f"{report.seconds:.3f}")
    indent(suite)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(suite, encoding="unicode")}\n'


def _case(suite: Element, one: Finding) -> Element:
    return SubElement(suite, "testcase", classname=_plain(" ".join(one.services)), name=_plain(one.key))


def _told(element: Element, one: Finding) -> None:
    lines = [f"described: {shown(one.expected)}", f"there is: {shown(one.found)}"] if one.field else []
    lines += [f"since {one.since}"] if one.since else []
    lines += [f"by {one.by}"] if one.by else []
    lines += [one.reason] if one.reason else []
    lines += [f"-> {one.remedy}"] if one.remedy else []
    lines += [f"or {one.repair}{f'  # {one.interrupts}' if one.interrupts else ''}"] if one.repair else []
    element.text = _plain("\n".join(lines))


def _plain(text: str) -> str:
    return _FORBIDDEN.sub("?", text)
