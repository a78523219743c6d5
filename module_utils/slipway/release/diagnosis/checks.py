"""What our own checks tell: the answer through the load balancer, and the digests that run."""

from __future__ import annotations

from collections.abc import Iterator

from ..evidence import other_digests
from .facts import Facts
from .signs import Sign

_BODY = 5


def read_answer(facts: Facts) -> Iterator[Sign]:
    """What the check through the load balancer got."""
    answer = facts.evidence.answer
    if not answer or not answer.get("problem"):
        return
    status = int(answer.get("status") or 0)
    body = str(answer.get("body") or "").strip().splitlines()
    got = f"status {status}" if status else "no answer"
    logs = f" ({facts.follow_logs('')})" if facts.log_group("") else ""
    yield Sign(
        "http_check",
        f"{answer.get('url', 'the service')} {answer['problem']}",
        f"GET {answer.get('url', '')}: {got}",
        f"{answer.get('remedy', '')}{logs}",
        tuple(f"| {line[:200]}" for line in body[:_BODY]),
    )


def read_digests(facts: Facts) -> Iterator[Sign]:
    """Running containers whose image is not the one that was asked for."""
    for name, has, wanted in other_digests(facts.evidence):
        yield Sign(
            "digest_mismatch",
            f"the container {name} runs another image than the one asked for",
            f"runs {has}, asked for {wanted}",
            "the tag was moved: deploy again, by digest (service_image_digest)",
        )
