"""Tasks that started and did not stay, and deployments that did not end well."""

# AWS's words stay in one piece, as they can be searched for.
# ruff: noqa: E501

from __future__ import annotations

from slipway.release.evidence import Evidence

from .shapes import (
    ACCOUNT,
    AFTER_ROLLBACK,
    BEFORE,
    BREAKER,
    EVENTS,
    FAILED,
    GOING,
    GREEN,
    GROUP,
    HEALTH,
    ID,
    IMAGE,
    MEMORY,
    OLD,
    RECORD,
    REGION,
    ROLLED_BACK,
    STOPPED,
    TARGET_GROUP,
    TASK,
    Case,
    as_it_is,
    definition,
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

_EXIT = "https://repost.aws/knowledge-center/ecs-task-stopped"
_LOGS = f"api/{TASK}"
_MODEL = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html"
_ELB = f"Task failed ELB health checks in (target-group {GROUP})"
_HOOK = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:smoke-test"
_HOOK_FAILED = "Service deployment rolled back because TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. "

EXITS = {
    "exit code 1, with its log": Case(
        _EXIT,
        failed(exited(1), logs={_LOGS: ["Traceback (most recent call last):", "KeyError: 'JWT_SECRET'"]}),
        "failed",
        ("exit_code",),
        "the container api exited with code 1",
        "aws logs tail /ecs/voj-backend --since 1h --region ap-northeast-2",
        "| KeyError: 'JWT_SECRET'",
    ),
    "exit code 0": Case(
        _EXIT, failed(exited(0)), "failed", ("exit_code",), "ended by itself with exit code 0", "service_migration"
    ),
    "exit code 2": Case(_EXIT, failed(exited(2)), "failed", ("exit_code",), "exited with code 2", "service_command"),
    "exit code 3": Case(
        _EXIT, failed(exited(3), exited(3, identity="2")), "failed", ("exit_code",), "exited with code 3", count=2
    ),
    "exit code 126": Case(_EXIT, failed(exited(126)), "failed", ("exit_code",), "may not execute it", "chmod +x"),
    "exit code 127": Case(
        _EXIT,
        failed(exited(127), logs={_LOGS: ["/bin/sh: 1: gunicorn: not found"]}),
        "failed",
        ("command_not_found",),
        "did not find its command gunicorn",
        "PATH",
    ),
    "exit code 137 without a reason": Case(
        _EXIT, failed(exited(137)), "failed", ("exit_code",), "exit code 137, SIGKILL", "now 1024 MiB"
    ),
    "exit code 139": Case(_EXIT, failed(exited(139)), "failed", ("exit_code",), "SIGSEGV", "X86_64"),
    "exit code 143 from inside": Case(_EXIT, failed(exited(143)), "failed", ("exit_code",), "SIGTERM"),
    "another signal": Case(_EXIT, failed(exited(132)), "failed", ("exit_code",), "exited with code 132 (signal 4)"),
    "out of memory": Case(
        MEMORY,
        failed(exited(137, "OutOfMemoryError: Container killed due to memory usage")),
        "failed",
        ("out_of_memory",),
        "more memory than the 1024 MiB",
        "raise service_memory (now 1024 MiB, with 512 CPU units)",
    ),
    "out of memory in the runtime": Case(
        _EXIT,
        failed(
            exited(134),
            logs={_LOGS: ["FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"]},
        ),
        "failed",
        ("out_of_memory",),
        "the application in the container api ran out of memory",
        "heap",
    ),
    "a binary of another architecture": Case(
        "https://repost.aws/knowledge-center/ecs-task-exec-format-error",
        failed(exited(1), logs={_LOGS: ["exec /usr/local/bin/python: exec format error"]}),
        "failed",
        ("image_architecture",),
        IMAGE,
        "linux/amd64",
        "| exec /usr/local/bin/python: exec format error",
    ),
    "a command that is not there": Case(
        STOPPED,
        failed(
            task(
                'CannotStartContainerError: Error response from daemon: failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/app/start.sh": stat /app/start.sh: no such file or directory: unknown'
            )
        ),
        "failed",
        ("command_not_found",),
        "the command /app/start.sh is not in the image",
        "ENTRYPOINT",
    ),
    "a command that the embedded AWS does not find": Case(
        "the embedded AWS: ministack/services/ecs.py",
        failed(
            task(
                'ResourceInitializationError: unable to pull image or start container: 400 Client Error for http+docker://localhost/v1.51/containers/x/start: Bad Request ("failed to create task for container: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: \\"gunicron\\": executable file not found in $PATH")'
            )
        ),
        "failed",
        ("command_not_found",),
        "the command gunicron",
        "",
    ),
    "a start that fails in an unknown way": Case(
        STOPPED,
        failed(task("CannotStartContainerError: failed to get container status: x")),
        "failed",
        ("container_start",),
        "could not be started",
    ),
    "the sidecar is killed with the one that crashed": Case(
        _EXIT,
        failed(
            task(
                "Essential container in task exited",
                "EssentialContainerExited",
                containers=[{"name": "proxy", "exitCode": 143}, {"name": "api", "exitCode": 1}],
            ),
            task_definition={
                **definition(),
                "containerDefinitions": [
                    *definition()["containerDefinitions"],
                    {"name": "proxy", "image": "nginx", "essential": True},
                ],
            },
        ),
        "failed",
        ("exit_code",),
        "the container api exited with code 1",
    ),
    "the task role lacks a permission": Case(
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html",
        failed(
            exited(1),
            logs={
                _LOGS: [
                    f"botocore.exceptions.ClientError: An error occurred (AccessDenied): User: arn:aws:sts::{ACCOUNT}:assumed-role/voj-backend-task/4f1e is not authorized to perform: s3:GetObject on resource: x"
                ]
            },
        ),
        "failed",
        ("task_role", "exit_code"),
        "the task role voj-backend-task may not do s3:GetObject",
        "service_task_policy",
    ),
}

HEALTHS = {
    "the container's health check": Case(
        EVENTS,
        failed(
            task(
                "Task failed container health checks",
                "ServiceSchedulerInitiated",
                containers=[{"name": "api", "exitCode": 137, "healthStatus": "UNHEALTHY"}],
            ),
            task_definition=definition(
                healthCheck={"command": ["CMD-SHELL", "curl -f http://localhost:8000/healthz"], "startPeriod": 10}
            ),
            logs={_LOGS: ["/bin/sh: curl: not found"]},
        ),
        "failed",
        ("container_health_check",),
        "the health check inside the container api failed",
        "CMD-SHELL curl -f http://localhost:8000/healthz",
        "| /bin/sh: curl: not found",
    ),
    "the container's health check, from an event": Case(
        EVENTS,
        going(events=(f"(service voj-backend) (task {TASK}) failed container health checks.",)),
        "going_on",
        ("container_health_check",),
        "inside the container",
    ),
    "the health check path is wrong": Case(
        HEALTH,
        going(
            running(),
            targets=[
                target("unhealthy", "Target.ResponseCodeMismatch", "Health checks failed with these codes: [404]")
            ],
        ),
        "going_on",
        ("target_health_check",),
        "the health check path /healthz is answered with 404, and 200 is expected",
        "service_health_check.path",
        "10.0.1.8:8000 is unhealthy: Target.ResponseCodeMismatch",
    ),
    "the health check is answered with two codes": Case(
        HEALTH,
        going(
            running(),
            targets=[
                target("unhealthy", "Target.ResponseCodeMismatch", "Health checks failed with these codes: [301, 302]")
            ],
        ),
        "going_on",
        ("target_health_check",),
        "301, 302",
    ),
    "the health check gets no answer": Case(
        HEALTH,
        going(running(), targets=[target("unhealthy", "Target.Timeout", "Request timed out")]),
        "going_on",
        ("target_health_check",),
        "no answer in time on port 8000",
        "sg-0c3",
    ),
    "nobody listens on the port": Case(
        HEALTH,
        going(running(), targets=[target("unhealthy", "Target.FailedHealthChecks", "Health checks failed")]),
        "going_on",
        ("port_mismatch",),
        "nothing answers HTTP on port 8000",
        "0.0.0.0:8000",
    ),
    "it listens on another port": Case(
        HEALTH,
        going(
            running(),
            targets=[target("unhealthy", "Target.FailedHealthChecks", "Health checks failed")],
            logs={_LOGS: ["Server listening on port 3000"]},
        ),
        "going_on",
        ("port_mismatch",),
        "the application listens on port 3000, and the load balancer asks port 8000",
        "service_container_port to 3000",
        "| Server listening on port 3000",
    ),
    "it listens on 127.0.0.1": Case(
        HEALTH,
        going(
            running(),
            targets=[target("unhealthy", "Target.FailedHealthChecks", "Health checks failed")],
            logs={_LOGS: ["INFO: Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)"]},
        ),
        "going_on",
        ("port_mismatch",),
        "listens on 127.0.0.1 only",
        "0.0.0.0:8000",
    ),
    "ECS stopped the tasks, and the event has the code": Case(
        EVENTS,
        failed(
            task(_ELB, "ServiceSchedulerInitiated", containers=[{"name": "api", "exitCode": 143}]),
            task(_ELB, "ServiceSchedulerInitiated", "2", containers=[{"name": "api", "exitCode": 143}]),
            events=(
                f"(service voj-backend) (task {TASK}) (port 8000) is unhealthy in (target-group {GROUP}) due to (reason Health checks failed with these codes: [404]).",
            ),
        ),
        "failed",
        ("target_health_check",),
        "/healthz is answered with 404",
        count=2,
    ),
    "ECS stopped the tasks, and nothing more is known": Case(
        EVENTS,
        failed(task(_ELB, "ServiceSchedulerInitiated")),
        "failed",
        ("target_health_check",),
        "the health check path /healthz fails",
        "grace period of 60 s",
        "Task failed ELB health checks",
    ),
    "the event says that it timed out": Case(
        EVENTS,
        failed(
            events=(
                f"(service voj-backend) (task {TASK}) (port 8000) is unhealthy in (target-group {GROUP}) due to (reason Request timed out).",
            )
        ),
        "failed",
        ("target_health_check",),
        "no answer in time",
    ),
    "the target group hangs on no listener": Case(
        HEALTH,
        going(
            running(),
            targets=[
                target(
                    "unused",
                    "Target.NotInUse",
                    "Target group is not configured to receive traffic from the load balancer",
                )
            ],
        ),
        "going_on",
        ("load_balancer_detached",),
        "attached to no listener",
    ),
    "the load balancer is not in the task's zone": Case(
        HEALTH,
        failed(
            events=(
                f"(service voj-backend) (task {TASK}) (port 8000) is unhealthy in (target-group {GROUP}) due to (reason Target is in an Availability Zone that is not enabled for the load balancer).",
            )
        ),
        "failed",
        ("load_balancer_detached",),
        "zone",
    ),
    "the load balancer's own error": Case(
        HEALTH,
        going(
            running(),
            targets=[target("unhealthy", "Elb.InternalError", "Health checks failed due to an internal error")],
        ),
        "going_on",
        ("platform",),
        "load balancer",
    ),
    "the task crashes, so its target is refused": Case(
        HEALTH,
        failed(exited(1), targets=[target("unhealthy", "Target.FailedHealthChecks", "Health checks failed")]),
        "failed",
        ("exit_code",),
        "code 1",
    ),
}

ENDS = {
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
    "an alarm": Case(
        RECORD,
        failed(
            service_deployments=[
                record(
                    "ROLLBACK_SUCCESSFUL",
                    "Service deployment rolled back because an alarm was triggered.",
                    alarms={"status": "TRIGGERED", "alarmNames": ["voj-5xx"], "triggeredAlarmNames": ["voj-5xx"]},
                )
            ],
            alarms=[
                {
                    "AlarmName": "voj-5xx",
                    "StateValue": "ALARM",
                    "StateReason": "Threshold Crossed: 1 datapoint [12.0] was greater than the threshold (5.0).",
                }
            ],
        ),
        "failed",
        ("alarm",),
        "the alarm voj-5xx went off",
        "describe-alarms --alarm-names voj-5xx",
        "greater than the threshold",
    ),
    "an alarm, from the events": Case(
        EVENTS,
        failed(
            service_deployments=[],
            events=(
                "(service voj-backend) rolling back to deployment ecs-svc/0000000000000000001.",
                f"(service voj-backend) (deployment {ID}) deployment failed: alarm detected.",
            ),
        ),
        "failed",
        ("alarm",),
        "an alarm of the deployment",
    ),
    "an alarm that was on before": Case(
        RECORD,
        failed(
            exited(1),
            service_deployments=[
                record(
                    "ROLLBACK_SUCCESSFUL",
                    ROLLED_BACK["statusReason"],
                    alarms={"status": "MONITORING", "alarmNames": ["old"], "triggeredAlarmNames": []},
                )
            ],
            alarms=[{"AlarmName": "old", "StateValue": "ALARM"}],
        ),
        "failed",
        ("exit_code",),
    ),
    "a hook says no": Case(
        GREEN,
        failed(
            service_deployments=[
                record("ROLLBACK_SUCCESSFUL", _HOOK_FAILED + f"Lifecycle hook target {_HOOK} returned FAILED status.")
            ]
        ),
        "failed",
        ("hook_failed",),
        "the lifecycle hook smoke-test failed at the stage TEST_TRAFFIC_SHIFT",
        "aws logs tail /aws/lambda/smoke-test",
    ),
    "a hook that may not be called": Case(
        GREEN,
        failed(
            service_deployments=[
                record(
                    "ROLLBACK_SUCCESSFUL",
                    _HOOK_FAILED
                    + f"ECS was unable to invoke hook target {_HOOK} due to User: arn:aws:sts::{ACCOUNT}:assumed-role/infra/ECS-Lambda-Execution is not authorized to perform: lambda:InvokeFunction on resource: {_HOOK}",
                )
            ]
        ),
        "failed",
        ("hook_failed",),
        "smoke-test",
        "lambda:InvokeFunction",
    ),
    "a hook whose role can't be assumed": Case(
        GREEN,
        failed(
            service_deployments=[
                record(
                    "ROLLBACK_SUCCESSFUL",
                    _HOOK_FAILED + f"ECS was unable to assume role arn:aws:iam::{ACCOUNT}:role/Admin",
                )
            ]
        ),
        "failed",
        ("hook_failed",),
        "TEST_TRAFFIC_SHIFT",
        "role/Admin",
    ),
    "a hook that answers nothing": Case(
        GREEN,
        failed(
            service_deployments=[
                record(
                    "ROLLBACK_SUCCESSFUL",
                    _HOOK_FAILED
                    + f"ECS was unable to parse the response from {_HOOK} due to HookStatus must not be null",
                )
            ]
        ),
        "failed",
        ("hook_failed",),
        "smoke-test",
        '{"hookStatus": "SUCCEEDED"}',
    ),
    "a pause that ran out": Case(
        RECORD,
        failed(
            service_deployments=[
                record(
                    "ROLLBACK_SUCCESSFUL",
                    lifecycleStage="POST_SCALE_UP",
                    lifecycleHookDetails=[{"hookId": "approve", "targetType": "PAUSE", "status": "TIMED_OUT"}],
                )
            ]
        ),
        "failed",
        ("hook_failed",),
        "the lifecycle hook approve failed at the stage POST_SCALE_UP",
        "ContinueServiceDeployment",
        "TIMED_OUT",
    ),
    "ECS may not move the requests": Case(
        GREEN,
        failed(
            service_deployments=[
                record(
                    "ROLLBACK_SUCCESSFUL",
                    _HOOK_FAILED
                    + f"User: arn:aws:sts::{ACCOUNT}:assumed-role/voj-infrastructure/ECSNetworkingWithELB is not authorized to perform: elasticloadbalancing:ModifyListener on resource: x",
                )
            ]
        ),
        "failed",
        ("infrastructure_role",),
        "elasticloadbalancing:ModifyListener",
        "infrastructure role voj-infrastructure",
    ),
    "the rule and the target groups don't fit": Case(
        GREEN,
        failed(
            service_deployments=[
                record(
                    "ROLLBACK_SUCCESSFUL",
                    f"Service deployment rolled back because of invalid networking configuration: Target group {GROUP} is not associated with either productionListenerRule or testListenerRule.",
                )
            ]
        ),
        "failed",
        ("load_balancer_detached",),
        "do not fit",
        "run deploy.yml",
    ),
    "somebody stopped the deployment": Case(
        RECORD,
        failed(service=service(deployment(), BEFORE), service_deployments=[record("STOPPED", "")]),
        "failed",
        ("stopped_by_hand",),
        "stopped the deployment",
        "StopServiceDeployment",
    ),
    "the breaker stopped the deployment": Case(
        RECORD,
        failed(
            exited(1),
            service=service(FAILED, BEFORE),
            service_deployments=[record("STOPPED", "", deploymentCircuitBreaker={"status": "TRIGGERED"})],
        ),
        "failed",
        ("exit_code",),
    ),
    "somebody had ECS roll it back": Case(
        RECORD,
        failed(
            service=service(deployment(), BEFORE),
            service_deployments=[record("ROLLBACK_SUCCESSFUL", "", deploymentCircuitBreaker={"status": "MONITORING"})],
        ),
        "failed",
        ("stopped_by_hand",),
        "somebody stopped the deployment",
        "StopServiceDeployment",
    ),
    "somebody stopped a task": Case(
        EVENTS,
        going(task("Task stopped by user", "UserInitiated", containers=[{"name": "api", "exitCode": 143}])),
        "going_on",
        ("stopped_by_hand",),
        "stopped a task",
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

CASES = EXITS | HEALTHS | ENDS
