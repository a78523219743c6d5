"""Deployments that did not end well."""

# AWS's words stay in one piece, as they can be searched for.

from __future__ import annotations

from slipway.release.evidence import Evidence

from .shapes import (
    AFTER_ROLLBACK,
    BEFORE,
    BREAKER,
    EVENTS,
    FAILED,
    GOING,
    HEALTH,
    ID,
    OLD,
    RECORD,
    STOPPED,
    TARGET_GROUP,
    Case,
    as_it_is,
    deployment,
    exited,
    failed,
    going,
    record,
    running,
    service,
    target,
    task,
)

_MODEL = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html"

CASES = {
    "succeeded": Case(
        RECORD,
        going(
            running(),
            service=service(deployment()),
            service_deployments=[record("SUCCESSFUL", "")],
            targets=[
                target("healthy"),
                target("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"),
            ],
        ),
        "succeeded",
        (),
    ),
    "going on, with targets that are new": Case(
        HEALTH,
        going(
            running(), targets=[target("initial", "Elb.RegistrationInProgress", "Target registration is in progress")]
        ),
        "going_on",
        (),
    ),
    "a blue/green deployment that bakes": Case(
        RECORD,
        going(running(), service_deployments=[record("IN_PROGRESS", lifecycleStage="BAKE_TIME")]),
        "going_on",
        (),
    ),
    "tasks that scaling stopped": Case(
        EVENTS,
        as_it_is(
            task(f"Scaling activity initiated by (deployment {ID})", "ServiceSchedulerInitiated"),
            service_deployments=[],
        ),
        "failed",
        (),
    ),
    "rolled back, and nobody knows why": Case(
        BREAKER,
        failed(
            events=(
                "(service voj-backend) has reached a steady state.",
                "(service voj-backend) rolling back to deployment ecs-svc/0000000000000000001.",
            )
        ),
        "failed",
        ("unknown",),
        "not known",
        "aws logs tail",
        "the circuit breaker threshold was exceeded",
    ),
    "a reason of tomorrow": Case(
        STOPPED,
        failed(task("MoonPhaseError: the moon is full")),
        "failed",
        ("unknown",),
        "not known",
        "",
        "MoonPhaseError: the moon is full",
    ),
    "a first deployment that stalls": Case(
        BREAKER,
        failed(
            service=service(FAILED),
            service_deployments=[
                record(
                    "IN_PROGRESS", deploymentCircuitBreaker={"status": "TRIGGERED", "failureCount": 3, "threshold": 3}
                )
            ],
        ),
        "failed",
        ("unknown",),
        "",
        "",
        "ECS deployment circuit breaker: tasks failed to start.",
    ),
    "a failed deployment that will be rolled back": Case(
        BREAKER, failed(service=service(FAILED, BEFORE), service_deployments=[record("IN_PROGRESS")]), "going_on", ()
    ),
    "a failed deployment without rollback": Case(
        BREAKER,
        failed(
            exited(1),
            service=service(
                FAILED,
                BEFORE,
                deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}},
            ),
            service_deployments=[record("IN_PROGRESS")],
        ),
        "failed",
        ("exit_code",),
    ),
    "no rollback candidate": Case(
        BREAKER,
        failed(
            service=service(FAILED),
            service_deployments=[
                record(
                    "ROLLBACK_FAILED",
                    "Service deployment rollback failed. No rollback candidate was found to run the rollback.",
                )
            ],
        ),
        "failed",
        ("unknown",),
        "",
        "",
        "No rollback candidate",
    ),
    "another deployment": Case(
        _MODEL,
        failed(
            service=service(deployment("ecs-svc/3"), deployment(status="ACTIVE", rolloutState="IN_PROGRESS")),
            service_deployments=[],
        ),
        "failed",
        ("replaced",),
        "taken this one's place",
    ),
    "another deployment, by the record": Case(
        RECORD,
        failed(
            service=service(deployment("ecs-svc/3"), BEFORE),
            service_deployments=[record("IN_PROGRESS", identity="ecs-svc/3"), record("STOPPED")],
        ),
        "failed",
        ("replaced",),
        "taken this one's place",
    ),
    "the service was deleted": Case(
        _MODEL, failed(service=None), "failed", ("service_gone",), "not there", "deploy.yml"
    ),
    "the service is draining": Case(
        _MODEL, failed(service=service(GOING, status="DRAINING")), "failed", ("service_gone",), "", "", "DRAINING"
    ),
    "the service is inactive": Case(
        _MODEL, failed(exited(1), service=service(GOING, status="INACTIVE")), "failed", ("service_gone",)
    ),
    "it did not end in time": Case(
        _MODEL,
        going(
            task(lastStatus="PROVISIONING", stoppedAt=None, stoppedReason=""),
            timed_out=600.0,
            targets=[target("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")],
        ),
        "going_on",
        ("timeout",),
        "did not end within 600 s",
        "service_wait_timeout",
        "0 of 2 tasks running, 0 pending",
    ),
    "it did not end in time, and a cause is known": Case(
        _MODEL, going(exited(1), timed_out=600.0), "going_on", ("exit_code",)
    ),
    "our own check": Case(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html",
        going(
            service=service(deployment()),
            service_deployments=[record("SUCCESSFUL")],
            answer={
                "url": "https://api.voj.kr/healthz",
                "status": 503,
                "body": "<h1>503</h1>",
                "problem": "answers 503",
                "remedy": "no task is registered and healthy: check the tasks",
            },
        ),
        "succeeded",
        ("http_check",),
        "https://api.voj.kr/healthz answers 503",
        "no task is registered and healthy",
        "| <h1>503</h1>",
    ),
    "a good answer": Case(
        _MODEL,
        going(
            service=service(deployment()),
            service_deployments=[],
            answer={"url": "https://api.voj.kr/", "status": 200, "body": "ok", "problem": None},
        ),
        "succeeded",
        (),
    ),
    "another digest runs": Case(
        "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Container.html",
        going(
            running(),
            service=service(deployment()),
            service_deployments=[record("SUCCESSFUL")],
            digests={"api": "sha256:" + "b" * 64},
        ),
        "succeeded",
        ("digest_mismatch",),
        "runs another image",
        "service_image_digest",
        "asked for sha256:bbb",
    ),
    "the digest that was asked for": Case(
        _MODEL,
        going(
            running(),
            service=service(deployment()),
            service_deployments=[record("SUCCESSFUL")],
            digests={"api": "sha256:" + "a" * 64},
        ),
        "succeeded",
        (),
    ),
    "a target group of the old tasks": Case(
        _MODEL,
        Evidence(
            deployment_id=OLD, service=service(AFTER_ROLLBACK), target_group=TARGET_GROUP, targets=[target("healthy")]
        ),
        "succeeded",
        (),
    ),
    "a state of tomorrow": Case(
        RECORD, failed(service=service(GOING, BEFORE), service_deployments=[record("PONDERING")]), "going_on", ()
    ),
}
