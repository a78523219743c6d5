"""Module: a target group."""

from __future__ import annotations

DOCUMENTATION = r"""
module: elb_target_group
short_description: Manage a target group of Elastic Load Balancing
description:
  - Creates, updates and deletes a target group with its health check, attributes and tags.
  - An option that is omitted is not managed. Registered targets are never touched; under ECS they belong to ECS.
options:
  name: {type: str, required: true, description: "The name: up to 32 letters, digits and hyphens."}
  state: {type: str, choices: [present, absent], default: present, description: Whether it should exist.}
  protocol:
    description: The protocol to the targets; it cannot be changed after creation.
    type: str
    choices: [HTTP, HTTPS, TCP, TLS, UDP, TCP_UDP, QUIC, TCP_QUIC]
  protocol_version:
    description: The version of HTTP; it cannot be changed after creation. AWS's default is V(HTTP1).
    type: str
    choices: [HTTP1, HTTP2, GRPC]
  port: {type: int, description: The port of the targets; it cannot be changed after creation.}
  vpc_id: {type: str, description: The id of the targets' VPC; it cannot be changed after creation.}
  target_type:
    description: What a target is; it cannot be changed after creation. Fargate tasks are V(ip).
    type: str
    choices: [ip, instance, lambda, alb]
    default: ip
  ip_address_type:
    description: The targets' addresses; it cannot be changed after creation. AWS's default is V(ipv4).
    type: str
    choices: [ipv4, ipv6]
  target_control_port:
    description: The port of the target control agent (target optimizer); it cannot be changed after creation.
    type: int
  health_check:
    description: How targets are checked.
    type: dict
    suboptions:
      enabled: {type: bool, description: Whether they are; only for Lambda targets it can be off.}
      protocol: {type: str, choices: [HTTP, HTTPS, TCP], description: The protocol of the check.}
      port: {type: str, description: A port or C(traffic-port).}
      path: {type: str, description: The path that is asked for.}
      interval_seconds: {type: int, description: "The seconds between two checks, 5 to 300."}
      timeout_seconds: {type: int, description: "The seconds without an answer that mean failure, 2 to 120."}
      healthy_threshold_count: {type: int, description: "How many successes make it healthy, 2 to 10."}
      unhealthy_threshold_count: {type: int, description: "How many failures make it unhealthy, 2 to 10."}
      matcher:
        description: Which answers are a success.
        type: dict
        suboptions:
          http_code: {type: str, description: "HTTP status codes: 200, or 200,202, or 200-299."}
          grpc_code: {type: str, description: "gRPC status codes: 0, or 0,12, or 0-99."}
  deregistration_delay_timeout_seconds:
    description: "How long a target that leaves may finish its requests, 0 to 3600 seconds; AWS's default is 300."
    type: int
  deregistration_delay_connection_termination:
    description: Whether connections are closed when that time is over (network load balancers).
    type: bool
  slow_start_duration_seconds:
    description: "How long a new target gets a growing share of the requests, 30 to 900 seconds; 0 is off."
    type: int
  load_balancing_algorithm_type:
    description: How a target is chosen.
    type: str
    choices: [round_robin, least_outstanding_requests, weighted_random]
  load_balancing_anomaly_mitigation:
    description: Whether targets that behave unlike the others get less (weighted_random only).
    type: str
    choices: ["on", "off"]
  cross_zone:
    description: Whether traffic crosses zones.
    type: str
    choices: ["true", "false", use_load_balancer_configuration]
  stickiness:
    description: Whether a client stays with its target.
    type: dict
    suboptions:
      enabled: {type: bool, description: Whether it does.}
      type:
        description: By what a client is known.
        type: str
        choices: [lb_cookie, app_cookie, source_ip]
      lb_cookie_duration_seconds: {type: int, description: "How long, for V(lb_cookie), 1 to 604800 seconds."}
      app_cookie_name: {type: str, description: "The application's cookie, for V(app_cookie)."}
      app_cookie_duration_seconds: {type: int, description: "How long, for V(app_cookie), 1 to 604800 seconds."}
  target_group_health:
    description: From how many healthy targets on the group counts as healthy; a number or C(off).
    type: dict
    suboptions:
      dns_failover_minimum_healthy_targets_count: {type: str, description: "Below it, DNS leaves the zone out."}
      dns_failover_minimum_healthy_targets_percentage: {type: str, description: "Below it, DNS leaves the zone out."}
      unhealthy_state_routing_minimum_healthy_targets_count:
        description: Below it, unhealthy targets get requests as well.
        type: str
      unhealthy_state_routing_minimum_healthy_targets_percentage:
        description: Below it, unhealthy targets get requests as well.
        type: str
  preserve_client_ip: {type: bool, description: Whether targets see the client's address (network load balancers).}
  proxy_protocol_v2: {type: bool, description: Whether the proxy protocol is spoken (network load balancers).}
  lambda_multi_value_headers: {type: bool, description: Whether headers reach a Lambda function as arrays.}
  unhealthy_connection_termination:
    description: Whether connections to unhealthy targets are closed (network load balancers).
    type: bool
  unhealthy_draining_interval_seconds:
    description: "How long an unhealthy target drains, 0 to 360000 seconds (network load balancers)."
    type: int
  tags: {type: dict, description: All tags; those that AWS itself puts there are left alone.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: A target group for the tasks of a service
  elb_target_group:
    region: ap-northeast-2
    name: voj-backend
    protocol: HTTP
    port: 8000
    vpc_id: vpc-0a1b2c3d
    health_check: {path: /api/v1/health, interval_seconds: 15, timeout_seconds: 5, matcher: {http_code: "200"}}
    deregistration_delay_timeout_seconds: 30
"""

RETURN = r"""
arn: {type: str, returned: when it exists, description: The ARN of the target group.}
full_name: {type: str, returned: when it exists, description: "What CloudWatch calls it: targetgroup/NAME/ID."}
load_balancer_arns: {type: list, elements: str, returned: when it exists, description: The load balancers that use it.}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import main

if __name__ == "__main__":
    main("elb_target_group", DOCUMENTATION)
