"""Tasks that started and did not stay."""

# AWS's words stay in one piece, as they can be searched for.
# ruff: noqa: E501

from __future__ import annotations

from .shapes import (
    ACCOUNT,
    EVENTS,
    GROUP,
    HEALTH,
    IMAGE,
    MEMORY,
    STOPPED,
    TASK,
    Case,
    definition,
    exited,
    failed,
    going,
    running,
    target,
    task,
)

_EXIT = "https://repost.aws/knowledge-center/ecs-task-stopped"
_LOGS = f"api/{TASK}"
_ELB = f"Task failed ELB health checks in (target-group {GROUP})"

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
        "the application listens on port 3000, and requests come to port 8000",
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

CASES = EXITS | HEALTHS
