"""Module: an Application or Network Load Balancer."""

from __future__ import annotations

DOCUMENTATION = r"""
module: elb_load_balancer
short_description: Manage an Application or Network Load Balancer
description:
  - Creates, updates and deletes a load balancer with its subnets, security groups, attributes and tags.
  - An option that is omitted is not managed. It does not wait until a new load balancer is active.
options:
  name: {type: str, required: true, description: "The name: up to 32 letters, digits and hyphens."}
  state: {type: str, choices: [present, absent], default: present, description: Whether it should exist.}
  type:
    description: The type; it cannot be changed after creation. Gateway Load Balancers are not managed.
    type: str
    choices: [application, network]
    default: application
  scheme:
    description: Whether it has public addresses; it cannot be changed. AWS's default is V(internet-facing).
    type: str
    choices: [internet-facing, internal]
  subnets:
    description: All its subnets by id, one an Availability Zone, at least two for an application load balancer.
    type: list
    elements: str
  subnet_mappings:
    description: The subnets of a network load balancer with an address of its own in each, instead of O(subnets).
    type: list
    elements: dict
    suboptions:
      subnet_id: {type: str, required: true, description: The id of the subnet.}
      allocation_id: {type: str, description: The allocation id of an Elastic IP address (internet-facing).}
      private_ipv4_address: {type: str, description: A private IPv4 address (internal).}
      ipv6_address: {type: str, description: An IPv6 address.}
      source_nat_ipv6_prefix: {type: str, description: The IPv6 prefix for source NAT (UDP listeners).}
  security_groups: {type: list, elements: str, description: "All its security groups, by name or id."}
  enforce_security_group_inbound_rules_on_private_link_traffic:
    description: Whether the security groups' rules apply to traffic through AWS PrivateLink (network).
    type: str
    choices: ["on", "off"]
  ip_address_type:
    description: The addresses it has.
    type: str
    choices: [ipv4, dualstack, dualstack-without-public-ipv4]
  enable_prefix_for_ipv6_source_nat:
    description: Whether each subnet's IPv6 prefix is used for source NAT (network, with UDP listeners).
    type: str
    choices: ["on", "off"]
  customer_owned_ipv4_pool: {type: str, description: The address pool on an Outpost; it cannot be changed.}
  ipam_pools:
    description: The IPAM pools its public addresses come from (application).
    type: dict
    suboptions:
      ipv4_ipam_pool_id: {type: str, required: true, description: The id of the IPv4 pool; empty for none.}
  minimum_load_balancer_capacity:
    description: The capacity that is reserved.
    type: dict
    suboptions:
      capacity_units: {type: int, required: true, description: The number of units; 0 ends the reservation.}
  deletion_protection:
    description:
      - Whether the load balancer is protected against deletion.
      - A protected one is deleted only when O(deletion_protection=false) stands beside O(state=absent).
    type: bool
  cross_zone: {type: bool, description: Whether traffic crosses zones (network; application ones always do it).}
  idle_timeout_seconds: {type: int, description: "After how many idle seconds a connection is closed, 1 to 4000."}
  client_keep_alive_seconds: {type: int, description: "How long a client's connection is kept, 60 to 604800 seconds."}
  http2: {type: bool, description: Whether clients can use HTTP/2.}
  drop_invalid_header_fields: {type: bool, description: Whether headers with invalid names are removed.}
  desync_mitigation_mode:
    description: What happens to requests that are not understood the same way by everybody.
    type: str
    choices: [monitor, defensive, strictest]
  preserve_host_header: {type: bool, description: Whether the Host header reaches the target unchanged.}
  tls_version_and_cipher_suite_headers: {type: bool, description: Whether targets are told the TLS version and cipher.}
  xff_client_port: {type: bool, description: Whether X-Forwarded-For keeps the client's port.}
  xff_header_processing_mode:
    description: What happens to the X-Forwarded-For header.
    type: str
    choices: [append, preserve, remove]
  waf_fail_open: {type: bool, description: Whether requests pass when AWS WAF cannot be asked.}
  zonal_shift: {type: bool, description: Whether traffic can be shifted away from a zone.}
  ipv6_deny_all_igw_traffic: {type: bool, description: Whether access through an internet gateway is blocked.}
  dns_record_client_routing_policy:
    description: How clients are spread over the zones (network).
    type: str
    choices: [availability_zone_affinity, partial_availability_zone_affinity, any_availability_zone]
  secondary_ips_auto_assigned_per_subnet:
    description: "How many more addresses each node has, 0 to 7 (network); it can only grow."
    type: int
  access_logs:
    description: The access logs.
    type: dict
    suboptions:
      enabled: {type: bool, description: Whether they are written.}
      bucket: {type: str, description: The S3 bucket; its policy must let Elastic Load Balancing write.}
      prefix: {type: str, description: Where in the bucket.}
  connection_logs:
    description: The connection logs (application).
    type: dict
    suboptions:
      enabled: {type: bool, description: Whether they are written.}
      bucket: {type: str, description: The S3 bucket; its policy must let Elastic Load Balancing write.}
      prefix: {type: str, description: Where in the bucket.}
  health_check_logs:
    description: The health check logs (application).
    type: dict
    suboptions:
      enabled: {type: bool, description: Whether they are written.}
      bucket: {type: str, description: The S3 bucket; its policy must let Elastic Load Balancing write.}
      prefix: {type: str, description: Where in the bucket.}
  tags: {type: dict, description: All tags; those that AWS itself puts there are left alone.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: A public load balancer for HTTPS
  elb_load_balancer:
    region: ap-northeast-2
    name: voj-backend-alb
    scheme: internet-facing
    subnets: [subnet-0a1b2c3d, subnet-4e5f6a7b]
    security_groups: [voj-backend-alb]
    deletion_protection: true
    idle_timeout_seconds: 60
    drop_invalid_header_fields: true
    access_logs: {enabled: true, bucket: voj-prod-logs, prefix: alb}
"""

RETURN = r"""
arn: {type: str, returned: when it exists, description: The ARN of the load balancer.}
full_name: {type: str, returned: when it exists, description: "What CloudWatch calls it: app/NAME/ID."}
dns_name: {type: str, returned: when it exists, description: The name that DNS aliases point to.}
canonical_hosted_zone_id: {type: str, returned: when it exists, description: The hosted zone of that name.}
vpc_id: {type: str, returned: when it exists, description: The id of its VPC.}
state: {type: str, returned: when it exists, description: "provisioning, active, active_impaired or failed."}
security_groups: {type: list, elements: str, returned: when it exists, description: The ids of its security groups.}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import main

if __name__ == "__main__":
    main("elb_load_balancer", DOCUMENTATION)
