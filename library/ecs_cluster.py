#!/usr/bin/python
"""Module: an ECS cluster."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_cluster
short_description: Manage an Amazon ECS cluster
description:
  - Creates, updates and deletes a cluster with its Container Insights, capacity providers, ECS Exec and tags.
  - An option that is omitted is not managed; capacity providers are never taken away by leaving them out.
options:
  name: {type: str, required: true, description: The name of the cluster.}
  state: {type: str, choices: [present, absent], default: present, description: Whether it should exist.}
  container_insights:
    description: CloudWatch Container Insights, also with enhanced observability.
    type: str
    choices: [enabled, enhanced, disabled]
  configuration:
    description: The execute command configuration for the cluster.
    type: dict
    suboptions:
      execute_command_configuration:
        description: The details of the execute command configuration.
        type: dict
        suboptions:
          kms_key_id:
            description: A Key Management Service key ID to encrypt the data between the local client and the
              container.
            type: str
          logging:
            description: The log setting to use for redirecting logs for your execute command results.
            type: str
            choices: [NONE, DEFAULT, OVERRIDE]
          log_configuration:
            description: The log configuration for the results of the execute command actions.
            type: dict
            suboptions:
              cloud_watch_log_group_name:
                description: The name of the CloudWatch log group to send logs to.
                type: str
              cloud_watch_encryption_enabled:
                description: Determines whether to use encryption on the CloudWatch logs.
                type: bool
              s3_bucket_name: {type: str, description: The name of the S3 bucket to send logs to.}
              s3_encryption_enabled: {type: bool, description: Determines whether to use encryption on the S3 logs.}
              s3_key_prefix: {type: str, description: An optional folder in the S3 bucket to place logs in.}
      managed_storage_configuration:
        description: The details of the managed storage configuration.
        type: dict
        suboptions:
          kms_key_id:
            description: A Key Management Service key ID to encrypt Amazon ECS managed storage.
            type: str
          fargate_ephemeral_storage_kms_key_id:
            description: The Key Management Service key ID for Fargate ephemeral storage.
            type: str
  capacity_providers:
    description: The short name of one or more capacity providers to associate with the cluster.
    type: list
    elements: str
  default_capacity_provider_strategy:
    description: The capacity provider strategy to set as the default for the cluster.
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
  service_connect_defaults:
    description: Use this parameter to set a default Service Connect namespace.
    type: dict
    suboptions:
      namespace:
        description: The namespace name or ARN of the Cloud Map namespace that's used when you create a service and
          don't specify a Service Connect configuration.
        type: str
        required: true
  tags: {type: dict, description: All tags of the cluster; those that AWS itself puts there are left alone.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: A cluster that can run tasks on Fargate Spot
  ecs_cluster:
    region: ap-northeast-2
    name: voj-prod
    container_insights: enhanced
    capacity_providers: [FARGATE, FARGATE_SPOT]
"""

RETURN = r"""
arn: {type: str, returned: when it exists, description: The ARN of the cluster.}
cluster: {type: str, returned: when it exists, description: The name of the cluster.}
status: {type: str, returned: when it exists, description: "ACTIVE, PROVISIONING, DEPROVISIONING or FAILED."}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import main

if __name__ == "__main__":
    main("ecs_cluster", DOCUMENTATION)
