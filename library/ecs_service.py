"""Module: an ECS service."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_service
short_description: Manage an Amazon ECS service
description:
  - Creates, updates and deletes an ECS service. What differs is sent in one UpdateService call.
  - An option that is omitted is not managed. O(desired_count) is left alone when a scalable target owns it.
  - >-
    When the deployment strategy changes, it waits until no deployment is going on; and a service that gets its second
    target group with it has a rolling deployment first, which prepares it, as AWS asks for.
  - It does not wait for the deployment.
options:
  name: {type: str, required: true, description: The name of the service.}
  state: {type: str, choices: [present, absent], default: present, description: Whether the service should exist.}
  cluster: {type: str, default: default, description: The cluster by name or ARN.}
  task_definition:
    description: A family (its newest active revision), C(family:revision), or an ARN.
    type: str
  force_new_deployment:
    description: Start a new deployment even when nothing differs; that run always reports a change.
    type: bool
    default: false
  force: {type: bool, default: false, description: Delete the service even while it has running tasks.}
  tags: {type: dict, description: All tags of the service; those that AWS itself puts there are left alone.}
  availability_zone_rebalancing:
    description: Indicates whether to use Availability Zone rebalancing for the service.
    type: str
    choices: [ENABLED, DISABLED]
  load_balancers:
    description: A load balancer object representing the load balancers to use with your service.
    type: list
    elements: dict
    suboptions:
      target_group: {type: str, description: "The target group, by name or ARN."}
      load_balancer_name:
        description: The name of the load balancer to associate with the Amazon ECS service or task set.
        type: str
      container_name:
        description: The name of the container (as it appears in a container definition) to associate with the load
          balancer.
        type: str
      container_port: {type: int, description: The port on the container to associate with the load balancer.}
      advanced_configuration:
        description: The advanced settings for the load balancer used in blue/green deployments.
        type: dict
        suboptions:
          alternate_target_group: {type: str, description: "The target group of the other colour, by name or ARN."}
          production_listener_rule:
            description: >-
              The rule for all requests, as C(LOAD_BALANCER:PORT/PRIORITY) or by ARN; of a Network Load Balancer the
              listener, by ARN.
            type: str
          test_listener_rule:
            description: The rule for test requests, in the same forms.
            type: str
          role_arn:
            description: The role by which ECS moves the requests, by name or ARN.
            type: str
  service_registries:
    description: The details of the service discovery registry to associate with this service.
    type: list
    elements: dict
    suboptions:
      registry_arn: {type: str, description: The ARN of the service registry.}
      port: {type: int, description: The port value used if your service discovery service specified an SRV record.}
      container_name:
        description: The container name value to be used for your service discovery service.
        type: str
      container_port: {type: int, description: The port value to be used for your service discovery service.}
  desired_count:
    description: The number of instantiations of the specified task definition to place and keep running in your
      service.
    type: int
  launch_type:
    description: The infrastructure that you run your service on.
    type: str
    choices: [EC2, FARGATE, EXTERNAL, MANAGED_INSTANCES]
  capacity_provider_strategy:
    description: The capacity provider strategy to use for the service.
    type: list
    elements: dict
    suboptions:
      capacity_provider: {type: str, required: true, description: The short name of the capacity provider.}
      weight:
        description: The weight value designates the relative percentage of the total number of tasks launched that
          should use the specified capacity provider.
        type: int
      base:
        description: "The base value designates how many tasks, at a minimum, to run on the specified capacity
          provider for each service."
        type: int
  platform_version: {type: str, description: The platform version that your tasks in the service are running on.}
  role:
    description: The name or ARN of the IAM role that allows Amazon ECS to make calls to your load balancer on your
      behalf.
    type: str
  deployment_configuration:
    description: Optional deployment parameters that control how many tasks run during the deployment and the ordering
      of stopping and starting tasks.
    type: dict
    suboptions:
      deployment_circuit_breaker:
        description: The deployment circuit breaker can only be used for services using the rolling update (ECS)
          deployment type.
        type: dict
        suboptions:
          enable:
            description: Determines whether to use the deployment circuit breaker logic for the service.
            type: bool
            required: true
          rollback:
            description: Determines whether to configure Amazon ECS to roll back the service if a service deployment
              fails.
            type: bool
            required: true
          reset_on_healthy_task:
            description: Specifies whether the deployment circuit breaker resets its failure count when a task reaches
              a healthy state.
            type: bool
          threshold_configuration:
            description: The threshold configuration that controls when the deployment circuit breaker triggers.
            type: dict
            suboptions:
              type:
                description: Determines how Amazon ECS uses value to calculate the failure threshold.
                type: str
                required: true
                choices: [COUNT, BOUNDED_PERCENT, UNBOUNDED_PERCENT]
              value:
                description: Specifies the integer that Amazon ECS uses to calculate the failure threshold.
                type: int
                required: true
      maximum_percent:
        description: "If a service is using the rolling update (ECS) deployment type, the maximumPercent parameter
          represents an upper limit on the number of your service's tasks that are allowed in the RUNNING or PENDING
          state during a deployment, as a percentage of the desiredCount (rounded down to the nearest integer)."
        type: int
      minimum_healthy_percent:
        description: "If a service is using the rolling update (ECS) deployment type, the minimumHealthyPercent
          represents a lower limit on the number of your service's tasks that must remain in the RUNNING state during
          a deployment, as a percentage of the desiredCount (rounded up to the nearest integer)."
        type: int
      alarms:
        description: Information about the CloudWatch alarms.
        type: dict
        suboptions:
          alarm_names: {type: list, elements: str, required: true, description: One or more CloudWatch alarm names.}
          rollback:
            description: Determines whether to configure Amazon ECS to roll back the service if a service deployment
              fails.
            type: bool
            required: true
          enable:
            description: Determines whether to use the CloudWatch alarm option in the service deployment process.
            type: bool
            required: true
      strategy:
        description: The deployment strategy for the service.
        type: str
        choices: [ROLLING, BLUE_GREEN, LINEAR, CANARY]
      bake_time_in_minutes:
        description: The time period when both blue and green service revisions are running simultaneously after the
          production traffic has shifted.
        type: int
      lifecycle_hooks:
        description: An array of deployment lifecycle hook objects to run custom logic or pause the deployment at
          specific stages of the deployment lifecycle.
        type: list
        elements: dict
        suboptions:
          target_type:
            description: The type of action the lifecycle hook performs.
            type: str
            choices: [AWS_LAMBDA, PAUSE]
          hook_target_arn: {type: str, description: The ARN of the hook target.}
          role_arn:
            description: The role by which ECS calls the Lambda function, by name or ARN.
            type: str
          lifecycle_stages:
            description: The lifecycle stages at which to run the hook.
            type: list
            elements: str
            choices:
              - RECONCILE_SERVICE
              - PRE_SCALE_UP
              - POST_SCALE_UP
              - TEST_TRAFFIC_SHIFT
              - POST_TEST_TRAFFIC_SHIFT
              - PRE_PRODUCTION_TRAFFIC_SHIFT
              - PRODUCTION_TRAFFIC_SHIFT
              - POST_PRODUCTION_TRAFFIC_SHIFT
          hook_details:
            description: Use this field to specify custom parameters that Amazon ECS passes to your Lambda function on
              each invocation.
            type: dict
          timeout_configuration:
            description: The timeout configuration for the lifecycle hook.
            type: dict
            suboptions:
              timeout_in_minutes:
                description: The number of minutes Amazon ECS waits for the lifecycle hook to complete before taking
                  the timeout action.
                type: int
              action:
                description: The action Amazon ECS takes when the lifecycle hook times out.
                type: str
                choices: [ROLLBACK, CONTINUE]
      linear_configuration:
        description: Configuration for linear deployment strategy.
        type: dict
        suboptions:
          step_percent:
            description: The percentage of production traffic to shift in each step during a linear deployment.
            type: float
          step_bake_time_in_minutes:
            description: The amount of time in minutes to wait between each traffic shifting step during a linear
              deployment.
            type: int
      canary_configuration:
        description: Configuration for canary deployment strategy.
        type: dict
        suboptions:
          canary_percent:
            description: The percentage of production traffic to shift to the new service revision during the canary
              phase.
            type: float
          canary_bake_time_in_minutes:
            description: The amount of time in minutes to wait during the canary phase before shifting the remaining
              production traffic to the new service revision.
            type: int
      early_success_criteria:
        description: The early success criteria configuration for a rolling deployment.
        type: dict
        suboptions:
          enable:
            description: Specifies whether to use the early success criteria for the service deployment.
            type: bool
            required: true
          healthy_percent:
            description: The percentage of healthy tasks that the target service revision must reach before Amazon ECS
              considers the deployment successful.
            type: int
          source_service_revision_cleanup:
            description: The time when Amazon ECS removes the source revisions' tasks relative to deployment
              completion.
            type: str
            choices: [BLOCKING, DEFERRED]
  placement_constraints:
    description: An array of placement constraint objects to use for tasks in your service.
    type: list
    elements: dict
    suboptions:
      type: {type: str, choices: [distinctInstance, memberOf], description: The type of constraint.}
      expression: {type: str, description: A cluster query language expression to apply to the constraint.}
  placement_strategy:
    description: The placement strategy objects to use for tasks in your service.
    type: list
    elements: dict
    suboptions:
      type: {type: str, choices: [random, spread, binpack], description: The type of placement strategy.}
      field: {type: str, description: The field to apply the placement strategy against.}
  network_configuration:
    description: The network configuration for the service.
    type: dict
    suboptions:
      awsvpc_configuration:
        description: The VPC subnets and security groups that are associated with a task.
        type: dict
        suboptions:
          subnets:
            description: The IDs of the subnets associated with the task or service.
            type: list
            elements: str
            required: true
          security_groups:
            description: The security groups, by name or id.
            type: list
            elements: str
          assign_public_ip:
            description: Whether the task's elastic network interface receives a public IP address.
            type: bool
  health_check_grace_period_seconds:
    description: "The period of time, in seconds, that the Amazon ECS service scheduler ignores unhealthy Elastic Load
      Balancing, VPC Lattice, and container health checks after a task has first started."
    type: int
  scheduling_strategy:
    description: The scheduling strategy to use for the service.
    type: str
    choices: [REPLICA, DAEMON]
  deployment_controller:
    description: The deployment controller to use for the service.
    type: dict
    suboptions:
      type:
        description: The deployment controller type to use.
        type: str
        required: true
        choices: [ECS, CODE_DEPLOY, EXTERNAL]
  enable_ecs_managed_tags:
    description: Specifies whether to turn on Amazon ECS managed tags for the tasks within the service.
    type: bool
  propagate_tags:
    description: Specifies whether to propagate the tags from the task definition to the task.
    type: str
    choices: [TASK_DEFINITION, SERVICE, NONE]
  enable_execute_command:
    description: Determines whether the execute command functionality is turned on for the service.
    type: bool
  service_connect_configuration:
    description: "The configuration for this service to discover and connect to services, and be discovered by, and
      connected from, other services within a namespace."
    type: dict
    suboptions:
      enabled: {type: bool, required: true, description: Specifies whether to use Service Connect with this service.}
      namespace:
        description: The namespace name or ARN of the Cloud Map namespace for use with Service Connect.
        type: str
      services:
        description: The list of Service Connect service objects.
        type: list
        elements: dict
        suboptions:
          port_name:
            description: The portName must match the name of one of the portMappings from all the containers in the
              task definition of this Amazon ECS service.
            type: str
            required: true
          discovery_name:
            description: The discoveryName is the name of the new Cloud Map service that Amazon ECS creates for this
              Amazon ECS service.
            type: str
          client_aliases:
            description: The list of client aliases for this Service Connect service.
            type: list
            elements: dict
            suboptions:
              port: {type: int, required: true, description: The listening port number for the Service Connect proxy.}
              dns_name:
                description: The dnsName is the name that you use in the applications of client tasks to connect to
                  this service.
                type: str
              test_traffic_rules:
                description: The configuration for test traffic routing rules used during blue/green deployments with
                  Amazon ECS Service Connect.
                type: dict
                suboptions:
                  header:
                    description: The HTTP header-based routing rules that determine which requests should be routed to
                      the new service version during blue/green deployment testing.
                    type: dict
                    required: true
                    suboptions:
                      name:
                        description: The name of the HTTP header to examine for test traffic routing.
                        type: str
                        required: true
                      value:
                        description: The header value matching configuration that determines how the HTTP header value
                          is evaluated for test traffic routing decisions.
                        type: dict
                        suboptions:
                          exact:
                            description: The exact value that the HTTP header must match for the test traffic routing
                              rule to apply.
                            type: str
                            required: true
          ingress_port_override: {type: int, description: The port number for the Service Connect proxy to listen on.}
          timeout:
            description: A reference to an object that represents the configured timeouts for Service Connect.
            type: dict
            suboptions:
              idle_timeout_seconds:
                description: The amount of time in seconds a connection will stay active while idle.
                type: int
              per_request_timeout_seconds:
                description: The amount of time waiting for the upstream to respond with a complete response per
                  request.
                type: int
          tls:
            description: A reference to an object that represents a Transport Layer Security (TLS) configuration.
            type: dict
            suboptions:
              issuer_certificate_authority:
                description: The signer certificate authority.
                type: dict
                required: true
                suboptions:
                  aws_pca_authority_arn:
                    description: The ARN of the Amazon Web Services Private Certificate Authority certificate.
                    type: str
              kms_key: {type: str, description: The Amazon Web Services Key Management Service key.}
              role_arn:
                description: The ARN of the IAM role that's associated with the Service Connect TLS.
                type: str
      log_configuration:
        description: The log configuration for the container.
        type: dict
        suboptions:
          log_driver:
            description: The log driver to use for the container.
            type: str
            required: true
            choices: [json-file, syslog, journald, gelf, fluentd, awslogs, splunk, awsfirelens]
          options: {type: dict, description: The configuration options to send to the log driver.}
          secret_options:
            description: The secrets to pass to the log configuration.
            type: list
            elements: dict
            suboptions:
              name: {type: str, required: true, description: The name of the secret.}
              value_from: {type: str, required: true, description: The secret to expose to the container.}
      access_log_configuration:
        description: The configuration for Service Connect access logging.
        type: dict
        suboptions:
          format:
            description: The format for Service Connect access log output.
            type: str
            required: true
            choices: [TEXT, JSON]
          include_query_parameters:
            description: Specifies whether to include query parameters in Service Connect access logs.
            type: str
            choices: [DISABLED, ENABLED]
  volume_configurations:
    description: The configuration for a volume specified in the task definition as a volume that is configured at
      launch time.
    type: list
    elements: dict
    suboptions:
      name: {type: str, required: true, description: The name of the volume.}
      managed_ebs_volume:
        description: The configuration for the Amazon EBS volume that Amazon ECS creates and manages on your behalf.
        type: dict
        suboptions:
          encrypted: {type: bool, description: Indicates whether the volume should be encrypted.}
          kms_key_id:
            description: The ARN identifier of the Amazon Web Services Key Management Service key to use for Amazon
              EBS encryption.
            type: str
          volume_type: {type: str, description: The volume type.}
          size_in_gib: {type: int, description: The size of the volume in GiB.}
          snapshot_id:
            description: The snapshot that Amazon ECS uses to create volumes for attachment to tasks maintained by the
              service.
            type: str
          volume_initialization_rate:
            description: "The rate, in MiB/s, at which data is fetched from a snapshot of an existing EBS volume to
              create new volumes for attachment to the tasks maintained by the service."
            type: int
          iops: {type: int, description: The number of I/O operations per second (IOPS).}
          throughput:
            description: "The throughput to provision for a volume, in MiB/s, with a maximum of 1,000 MiB/s."
            type: int
          tag_specifications:
            description: The tags to apply to the volume.
            type: list
            elements: dict
            suboptions:
              resource_type: {type: str, required: true, choices: [volume], description: The type of volume resource.}
              tags:
                description: The tags applied to this Amazon EBS volume.
                type: list
                elements: dict
                suboptions:
                  key: {type: str, description: One part of a key-value pair that make up a tag.}
                  value: {type: str, description: The optional part of a key-value pair that make up a tag.}
              propagate_tags:
                description: Determines whether to propagate the tags from the task definition to the Amazon EBS
                  volume.
                type: str
                choices: [TASK_DEFINITION, SERVICE, NONE]
          role_arn: {type: str, required: true, description: The ARN of the IAM role to associate with this volume.}
          filesystem_type:
            description: The filesystem type for the volume.
            type: str
            choices: [ext3, ext4, xfs, ntfs]
  vpc_lattice_configurations:
    description: The VPC Lattice configuration for the service being created.
    type: list
    elements: dict
    suboptions:
      role_arn:
        description: The ARN of the IAM role to associate with this VPC Lattice configuration.
        type: str
        required: true
      target_group_arn:
        description: The ARN of the target group or groups associated with the VPC Lattice configuration that the
          Amazon ECS tasks will be registered to.
        type: str
        required: true
      port_name:
        description: The name of the port mapping to register in the VPC Lattice target group.
        type: str
        required: true
      advanced_configuration:
        description: The advanced settings for VPC Lattice used in blue/green deployments.
        type: dict
        suboptions:
          alternate_target_group_arn:
            description: The ARN of the alternate target group associated with the VPC Lattice Configuration for
              Amazon ECS blue/green deployments.
            type: str
          production_listener_rule:
            description: The ARN that identifies the production listener rule or listener for routing production
              traffic.
            type: str
          test_listener_rule:
            description: The ARN that identifies the test listener rule or listener for routing test traffic.
            type: str
  monitoring:
    description: "The optional monitoring configuration for the service, which defines the resolution for the service-
      level CPUUtilization and MemoryUtilization Amazon CloudWatch metrics."
    type: dict
    suboptions:
      metric_configurations:
        description: The list of metric configurations for the service monitoring.
        type: list
        elements: dict
        suboptions:
          metric_names:
            description: The list of metric names to configure.
            type: list
            elements: str
            required: true
          resolution_seconds:
            description: "The resolution, in seconds, at which to collect the metrics."
            type: int
            required: true
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: Two tasks behind a target group, rolled back when a deployment fails
  ecs_service:
    region: ap-northeast-2
    name: voj-backend-api
    cluster: voj-prod
    task_definition: voj-backend-prod
    desired_count: 2
    launch_type: FARGATE
    load_balancers:
      - {target_group: voj-backend, container_name: api, container_port: 8000}
    network_configuration:
      awsvpc_configuration:
        subnets: [subnet-0a1b2c3d, subnet-4e5f6a7b]
        security_groups: [voj-backend-service]
        assign_public_ip: true
    deployment_configuration:
      deployment_circuit_breaker: {enable: true, rollback: true}

- name: A part of the requests goes to the new version first
  ecs_service:
    region: ap-northeast-2
    name: voj-backend-api
    cluster: voj-prod
    task_definition: voj-backend-prod
    load_balancers:
      - target_group: voj-backend
        container_name: api
        container_port: 8000
        advanced_configuration:
          alternate_target_group: voj-backend-alternate
          production_listener_rule: voj-backend-alb:443/20
          role_arn: voj-backend-infrastructure
    deployment_configuration:
      strategy: CANARY
      bake_time_in_minutes: 5
      canary_configuration: {canary_percent: 10, canary_bake_time_in_minutes: 5}
"""

RETURN = r"""
arn: {type: str, returned: when it exists, description: The ARN of the service.}
cluster: {type: str, returned: when it exists, description: The name of the cluster.}
status: {type: str, returned: when it exists, description: "ACTIVE, DRAINING or INACTIVE."}
task_definition: {type: str, returned: when it exists, description: The ARN of the task definition it runs.}
desired_count: {type: int, returned: when it exists, description: The number of tasks it keeps running.}
deployment_id: {type: str, returned: when it exists, description: The id of the PRIMARY deployment.}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import main

if __name__ == "__main__":
    main("ecs_service", DOCUMENTATION)
