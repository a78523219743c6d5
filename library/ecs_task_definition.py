#!/usr/bin/python
"""Module: an ECS task definition."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_task_definition
short_description: Manage an Amazon ECS task definition
description:
  - Registers a new revision of a family when the description differs from its newest active revision.
  - A revision is a whole document, so an omitted option is absent from it; only omitted O(tags) are unmanaged.
  - Older revisions stay, because a rollback needs them. O(state=absent) deregisters every active revision.
options:
  family: {type: str, required: true, description: The family.}
  state: {type: str, choices: [present, absent], default: present, description: Whether it should exist.}
  task_role_arn:
    description: The role that the containers have, by name or ARN.
    type: str
  execution_role_arn:
    description: The role with which ECS pulls images, reads secrets and writes logs, by name or ARN.
    type: str
  network_mode:
    description: The Docker networking mode of the containers; on Fargate awsvpc, which it has alone, is the default.
    type: str
    choices: [bridge, host, awsvpc, none]
  container_definitions:
    description: The containers that make up the task; required unless O(state=absent).
    type: list
    elements: dict
    suboptions:
      name: {type: str, description: The name of a container.}
      image: {type: str, description: The image used to start a container.}
      repository_credentials:
        description: The private repository authentication credentials to use.
        type: dict
        suboptions:
          credentials_parameter:
            description: "The secret with the private repository's credentials: C(secretsmanager:name), or its ARN."
            type: str
            required: true
      cpu: {type: int, description: The number of cpu units reserved for the container.}
      memory: {type: int, description: The amount (in MiB) of memory to present to the container.}
      memory_reservation: {type: int, description: The soft limit (in MiB) of memory to reserve for the container.}
      links:
        description: The links parameter allows containers to communicate with each other without the need for port
          mappings.
        type: list
        elements: str
      port_mappings:
        description: The list of port mappings for the container.
        type: list
        elements: dict
        suboptions:
          container_port:
            description: The port number on the container that's bound to the user-specified or automatically assigned
              host port.
            type: int
          host_port:
            description: The port number on the container instance to reserve for your container.
            type: int
          protocol: {type: str, choices: [tcp, udp], description: The protocol that's used for the port mapping.}
          name: {type: str, description: The name that's used for the port mapping.}
          app_protocol:
            description: The application protocol that's used for the port mapping.
            type: str
            choices: [http, http2, grpc]
          container_port_range:
            description: The port number range on the container that's bound to the dynamically mapped host port
              range.
            type: str
      essential:
        description: "If the essential parameter of a container is marked as true, and that container fails or stops
          for any reason, all other containers that are part of the task are stopped."
        type: bool
      restart_policy:
        description: The restart policy for a container.
        type: dict
        suboptions:
          enabled:
            description: Specifies whether a restart policy is enabled for the container.
            type: bool
            required: true
          ignored_exit_codes:
            description: A list of exit codes that Amazon ECS will ignore and not attempt a restart on.
            type: list
            elements: int
          restart_attempt_period:
            description: A period of time (in seconds) that the container must run for before a restart can be
              attempted.
            type: int
      entry_point:
        description: The entry point that's passed to the container.
        type: list
        elements: str
      command: {type: list, elements: str, description: The command that's passed to the container.}
      environment: {type: dict, description: "The environment variables and their values, which are texts."}
      environment_files:
        description: A list of files containing the environment variables to pass to a container.
        type: list
        elements: dict
        suboptions:
          value:
            description: The ARN of the Amazon S3 object containing the environment variable file.
            type: str
            required: true
          type: {type: str, required: true, choices: [s3], description: The file type to use.}
      mount_points:
        description: The mount points for data volumes in your container.
        type: list
        elements: dict
        suboptions:
          source_volume: {type: str, description: The name of the volume to mount.}
          container_path: {type: str, description: The path on the container to mount the host volume at.}
          read_only:
            description: "If this value is true, the container has read-only access to the volume."
            type: bool
      volumes_from:
        description: Data volumes to mount from another container.
        type: list
        elements: dict
        suboptions:
          source_container:
            description: The name of another container within the same task definition to mount volumes from.
            type: str
          read_only:
            description: "If this value is true, the container has read-only access to the volume."
            type: bool
      linux_parameters:
        description: "Linux-specific modifications that are applied to the default Docker container configuration,
          such as Linux kernel capabilities."
        type: dict
        suboptions:
          capabilities:
            description: The Linux capabilities for the container that are added to or dropped from the default
              configuration provided by Docker.
            type: dict
            suboptions:
              add:
                description: The Linux capabilities for the container that have been added to the default
                  configuration provided by Docker.
                type: list
                elements: str
              drop:
                description: The Linux capabilities for the container that have been removed from the default
                  configuration provided by Docker.
                type: list
                elements: str
          devices:
            description: Any host devices to expose to the container.
            type: list
            elements: dict
            suboptions:
              host_path:
                description: The path for the device on the host container instance.
                type: str
                required: true
              container_path:
                description: The path inside the container at which to expose the host device.
                type: str
              permissions:
                description: The explicit permissions to provide to the container for the device.
                type: list
                elements: str
                choices: [read, write, mknod]
          init_process_enabled:
            description: Run an init process inside the container that forwards signals and reaps processes.
            type: bool
          shared_memory_size: {type: int, description: The value for the size (in MiB) of the /dev/shm volume.}
          tmpfs:
            description: "The container path, mount options, and size (in MiB) of the tmpfs mount."
            type: list
            elements: dict
            suboptions:
              container_path:
                description: The absolute file path where the tmpfs volume is to be mounted.
                type: str
                required: true
              size: {type: int, required: true, description: The maximum size (in MiB) of the tmpfs volume.}
              mount_options: {type: list, elements: str, description: The list of tmpfs volume mount options.}
          max_swap: {type: int, description: The total amount of swap memory (in MiB) a container can use.}
          swappiness: {type: int, description: How eagerly pages are swapped, 0 to 100.}
      secrets:
        description:
          - The environment variables whose values are secrets, and where those are.
          - "C(ssm:/path), C(secretsmanager:name), C(secretsmanager:name#json_key), or an ARN as ECS takes it."
        type: dict
      depends_on:
        description: The dependencies defined for container startup and shutdown.
        type: list
        elements: dict
        suboptions:
          container_name: {type: str, required: true, description: The name of a container.}
          condition:
            description: The dependency condition of the container.
            type: str
            required: true
            choices: [START, COMPLETE, SUCCESS, HEALTHY]
      start_timeout:
        description: Time duration (in seconds) to wait before giving up on resolving dependencies for a container.
        type: int
      stop_timeout:
        description: Time duration (in seconds) to wait before the container is forcefully killed if it doesn't exit
          normally on its own.
        type: int
      version_consistency:
        description: Specifies whether Amazon ECS will resolve the container image tag provided in the container
          definition to an image digest.
        type: str
        choices: [enabled, disabled]
      hostname: {type: str, description: The hostname to use for your container.}
      user: {type: str, description: The user to use inside the container.}
      working_directory: {type: str, description: The working directory to run commands inside the container in.}
      disable_networking:
        description: "When this parameter is true, networking is off within the container."
        type: bool
      privileged:
        description: "When this parameter is true, the container is given elevated privileges on the host container
          instance (similar to the root user)."
        type: bool
      readonly_root_filesystem:
        description: "When this parameter is true, the container is given read-only access to its root file system."
        type: bool
      dns_servers:
        description: A list of DNS servers that are presented to the container.
        type: list
        elements: str
      dns_search_domains:
        description: A list of DNS search domains that are presented to the container.
        type: list
        elements: str
      extra_hosts:
        description: A list of hostnames and IP address mappings to append to the /etc/hosts file on the container.
        type: list
        elements: dict
        suboptions:
          hostname: {type: str, required: true, description: The hostname to use in the /etc/hosts entry.}
          ip_address: {type: str, required: true, description: The IP address to use in the /etc/hosts entry.}
      docker_security_options:
        description: A list of strings to provide custom configuration for multiple security systems.
        type: list
        elements: str
      interactive:
        description: "When this parameter is true, you can deploy containerized applications that require stdin or a
          tty to be allocated."
        type: bool
      pseudo_terminal: {type: bool, description: "When this parameter is true, a TTY is allocated."}
      docker_labels: {type: dict, description: A key/value map of labels to add to the container.}
      ulimits:
        description: A list of ulimits to set in the container.
        type: list
        elements: dict
        suboptions:
          name:
            description: The type of the ulimit.
            type: str
            required: true
            choices:
              - core
              - cpu
              - data
              - fsize
              - locks
              - memlock
              - msgqueue
              - nice
              - nofile
              - nproc
              - rss
              - rtprio
              - rttime
              - sigpending
              - stack
          soft_limit: {type: int, required: true, description: The soft limit for the ulimit type.}
          hard_limit: {type: int, required: true, description: The hard limit for the ulimit type.}
      log_configuration:
        description: The log configuration specification for the container.
        type: dict
        suboptions:
          log_driver:
            description: The log driver to use for the container.
            type: str
            required: true
            choices: [json-file, syslog, journald, gelf, fluentd, awslogs, splunk, awsfirelens]
          options: {type: dict, description: The configuration options to send to the log driver.}
          secret_options: {type: dict, description: "Options of the log driver that are secrets, and where those are."}
      health_check:
        description: The container health check command and associated configuration parameters for the container.
        type: dict
        suboptions:
          command:
            description: A string array representing the command that the container runs to determine if it is
              healthy.
            type: list
            elements: str
            required: true
          interval: {type: int, description: The time period in seconds between each health check execution.}
          timeout:
            description: The time period in seconds to wait for a health check to succeed before it is considered a
              failure.
            type: int
          retries:
            description: The number of times to retry a failed health check before the container is considered
              unhealthy.
            type: int
          start_period:
            description: The optional grace period to provide containers time to bootstrap before failed health checks
              count towards the maximum number of retries.
            type: int
      system_controls:
        description: A list of namespaced kernel parameters to set in the container.
        type: list
        elements: dict
        suboptions:
          namespace: {type: str, description: The namespaced kernel parameter to set a value for.}
          value: {type: str, description: The namespaced kernel parameter to set a value for.}
      resource_requirements:
        description: The type and amount of a resource to assign to a container.
        type: list
        elements: dict
        suboptions:
          value: {type: str, required: true, description: The value for the specified resource type.}
          type:
            description: The type of resource to assign to a container.
            type: str
            required: true
            choices: [GPU, InferenceAccelerator, NeuronDevice]
      firelens_configuration:
        description: The FireLens configuration for the container.
        type: dict
        suboptions:
          type: {type: str, required: true, choices: [fluentd, fluentbit], description: The log router to use.}
          options: {type: dict, description: The options to use when configuring the log router.}
      credential_specs:
        description: A list of ARNs in SSM or Amazon S3 to a credential spec (CredSpec) file that configures the
          container for Active Directory authentication.
        type: list
        elements: str
  volumes:
    description: The volumes that containers can mount.
    type: list
    elements: dict
    suboptions:
      name: {type: str, description: The name of the volume.}
      host:
        description: This parameter is specified when you use bind mount host volumes.
        type: dict
        suboptions:
          source_path:
            description: "When the host parameter is used, specify a sourcePath to declare the path on the host
              container instance that's presented to the container."
            type: str
      docker_volume_configuration:
        description: This parameter is specified when you use Docker volumes.
        type: dict
        suboptions:
          scope:
            description: The scope for the Docker volume that determines its lifecycle.
            type: str
            choices: [task, shared]
          autoprovision:
            description: "If this value is true, the Docker volume is created if it doesn't already exist."
            type: bool
          driver: {type: str, description: The Docker volume driver to use.}
          driver_opts: {type: dict, description: A map of Docker driver-specific options passed through.}
          labels: {type: dict, description: Custom metadata to add to your Docker volume.}
      efs_volume_configuration:
        description: This parameter is specified when you use an Amazon Elastic File System file system for task
          storage.
        type: dict
        suboptions:
          file_system_id: {type: str, required: true, description: The Amazon EFS file system ID to use.}
          root_directory:
            description: The directory within the Amazon EFS file system to mount as the root directory inside the
              host.
            type: str
          transit_encryption:
            description: Determines whether to use encryption for Amazon EFS data in transit between the Amazon ECS
              host and the Amazon EFS server.
            type: str
            choices: [ENABLED, DISABLED]
          transit_encryption_port:
            description: The port to use when sending encrypted data between the Amazon ECS host and the Amazon EFS
              server.
            type: int
          authorization_config:
            description: The authorization configuration details for the Amazon EFS file system.
            type: dict
            suboptions:
              access_point_id: {type: str, description: The Amazon EFS access point ID to use.}
              iam:
                description: Determines whether to use the Amazon ECS task role defined in a task definition when
                  mounting the Amazon EFS file system.
                type: str
                choices: [ENABLED, DISABLED]
      s3files_volume_configuration:
        description: This parameter is specified when you use an Amazon S3 Files file system for task storage.
        type: dict
        suboptions:
          file_system_arn: {type: str, required: true, description: The ARN of the S3 Files file system to mount.}
          root_directory:
            description: The directory within the Amazon S3 Files file system to mount as the root directory.
            type: str
          transit_encryption_port:
            description: The port to use for sending encrypted data between the ECS host and the S3 Files file system.
            type: int
          access_point_arn: {type: str, description: The ARN of the S3 Files access point to use.}
      fsx_windows_file_server_volume_configuration:
        description: This parameter is specified when you use Amazon FSx for Windows File Server file system for task
          storage.
        type: dict
        suboptions:
          file_system_id:
            description: The Amazon FSx for Windows File Server file system ID to use.
            type: str
            required: true
          root_directory:
            description: The directory within the Amazon FSx for Windows File Server file system to mount as the root
              directory inside the host.
            type: str
            required: true
          authorization_config:
            description: The authorization configuration details for the Amazon FSx for Windows File Server file
              system.
            type: dict
            required: true
            suboptions:
              credentials_parameter:
                description: The authorization credential option to use.
                type: str
                required: true
              domain:
                description: A fully qualified domain name hosted by an Directory Service Managed Microsoft AD (Active
                  Directory) or self-hosted AD on Amazon EC2.
                type: str
                required: true
      configured_at_launch:
        description: Indicates whether the volume should be configured at launch time.
        type: bool
  placement_constraints:
    description: An array of placement constraint objects to use for the task.
    type: list
    elements: dict
    suboptions:
      type: {type: str, choices: [memberOf], description: The type of constraint.}
      expression: {type: str, description: A cluster query language expression to apply to the constraint.}
  requires_compatibilities:
    description: The task launch type that Amazon ECS validates the task definition against.
    type: list
    elements: str
    choices: [EC2, FARGATE, EXTERNAL, MANAGED_INSTANCES]
  cpu: {type: str, description: The number of CPU units used by the task.}
  memory: {type: str, description: The amount of memory (in MiB) used by the task.}
  pid_mode:
    description: The process namespace to use for the containers in the task.
    type: str
    choices: [host, task]
  ipc_mode:
    description: The IPC resource namespace to use for the containers in the task.
    type: str
    choices: [host, task, none]
  proxy_configuration:
    description: The configuration details for the App Mesh proxy.
    type: dict
    suboptions:
      type: {type: str, choices: [APPMESH], description: The proxy type.}
      container_name:
        description: The name of the container that will serve as the App Mesh proxy.
        type: str
        required: true
      properties:
        description: "The set of network configuration parameters to provide the Container Network Interface (CNI)
          plugin, specified as key-value pairs."
        type: list
        elements: dict
        suboptions:
          name: {type: str, description: The name of the key-value pair.}
          value: {type: str, description: The value of the key-value pair.}
  inference_accelerators:
    description: The Elastic Inference accelerators to use for the containers in the task.
    type: list
    elements: dict
    suboptions:
      device_name: {type: str, required: true, description: The Elastic Inference accelerator device name.}
      device_type: {type: str, required: true, description: The Elastic Inference accelerator type to use.}
  ephemeral_storage:
    description: The amount of ephemeral storage to allocate for the task.
    type: dict
    suboptions:
      size_in_gib:
        description: "The total amount, in GiB, of ephemeral storage to set for the task."
        type: int
        required: true
  runtime_platform:
    description: The operating system that your tasks definitions run on.
    type: dict
    suboptions:
      cpu_architecture: {type: str, choices: [X86_64, ARM64], description: The CPU architecture.}
      operating_system_family:
        description: The operating system.
        type: str
        choices:
          - WINDOWS_SERVER_2019_FULL
          - WINDOWS_SERVER_2019_CORE
          - WINDOWS_SERVER_2016_FULL
          - WINDOWS_SERVER_2004_CORE
          - WINDOWS_SERVER_2022_CORE
          - WINDOWS_SERVER_2022_FULL
          - WINDOWS_SERVER_2025_CORE
          - WINDOWS_SERVER_2025_FULL
          - WINDOWS_SERVER_20H2_CORE
          - LINUX
  enable_fault_injection:
    description: Enables fault injection when you register your task definition and allows for fault injection
      requests to be accepted from the task's containers.
    type: bool
  tags: {type: dict, description: All tags of the revision; those that AWS itself puts there are left alone.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: One container on Fargate, with a secret
  ecs_task_definition:
    region: ap-northeast-2
    family: voj-backend-prod
    requires_compatibilities: [FARGATE]
    network_mode: awsvpc
    cpu: 512
    memory: 1024
    execution_role_arn: voj-ecs-execution
    container_definitions:
      - name: api
        image: 123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/voj-backend@sha256:...
        port_mappings: [{container_port: 8000}]
        environment: {ENVIRONMENT: production}
        secrets: {S3_BUCKET_NAME: ssm:/voj/prod/S3_BUCKET_NAME}
        log_configuration:
          log_driver: awslogs
          options: {awslogs-group: /ecs/voj-backend, awslogs-region: ap-northeast-2, awslogs-stream-prefix: api}
"""

RETURN = r"""
arn: {type: str, returned: when it exists, description: The ARN of the newest revision.}
family: {type: str, returned: when it exists, description: The family.}
revision: {type: int, returned: when it exists, description: The number of the newest revision.}
task_definition: {type: str, returned: when it exists, description: "The newest revision as family:revision."}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import main

if __name__ == "__main__":
    main("ecs_task_definition", DOCUMENTATION)
