"""Deployments that an alarm, a hook or somebody stopped."""

# AWS's words stay in one piece, as they can be searched for.
# ruff: noqa: E501

from __future__ import annotations

from .shapes import (
    ACCOUNT,
    BEFORE,
    EVENTS,
    FAILED,
    GREEN,
    GROUP,
    ID,
    RECORD,
    REGION,
    ROLLED_BACK,
    Case,
    deployment,
    exited,
    failed,
    going,
    record,
    service,
    task,
)

_HOOK = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:smoke-test"
_HOOK_FAILED = "Service deployment rolled back because TEST_TRAFFIC_SHIFT lifecycle hook(s) failed. "

CASES = {
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
}
