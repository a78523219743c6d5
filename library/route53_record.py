"""Module: a Route 53 record set."""

from __future__ import annotations

DOCUMENTATION = r"""
module: route53_record
short_description: Manage an Amazon Route 53 record set
description:
  - Creates, updates and deletes a record set of a hosted zone, simple or with a routing policy.
  - An option that is omitted is not managed.
options:
  zone:
    description: The hosted zone, which must exist, by its name or its id.
    type: str
    required: true
  private_zone: {type: bool, default: false, description: Whether O(zone) is the name of a private zone.}
  name: {type: str, required: true, description: "The full name, zone included, for example api.example.com."}
  type:
    description: The type of the record.
    type: str
    required: true
    choices: [A, AAAA, CAA, CNAME, DS, HTTPS, MX, NAPTR, NS, PTR, SOA, SPF, SRV, SSHFP, SVCB, TLSA, TXT]
  state: {type: str, choices: [present, absent], default: present, description: Whether it should exist.}
  ttl: {type: int, description: Seconds for which resolvers may keep the answer.}
  values:
    description: The answers. The text of a TXT record needs no quotes.
    type: list
    elements: str
  alias:
    description: What the name stands for, instead of O(values) and O(ttl).
    type: dict
    suboptions:
      load_balancer: {type: str, description: The name of a load balancer of this account and region.}
      dns_name: {type: str, description: "The DNS name of another target, for example a CloudFront distribution."}
      hosted_zone_id: {type: str, description: "The hosted zone of the target, which AWS documents for each service."}
      evaluate_target_health: {type: bool, description: Whether an unhealthy target is not given as an answer.}
  set_identifier: {type: str, description: What tells this record from others of the same name and type.}
  weight: {type: int, description: "Its share among the weights of the same name, 0 to 255; 0 gets no traffic."}
  region: {type: str, description: "Latency routing, the AWS region that it stands for."}
  failover: {type: str, choices: [PRIMARY, SECONDARY], description: Its part in a failover.}
  geo_location:
    description: The place that it answers. C(*) as the country is everywhere else.
    type: dict
    suboptions:
      continent_code: {type: str, description: "A continent, for example AS."}
      country_code: {type: str, description: "A country, for example KR."}
      subdivision_code: {type: str, description: A part of the country.}
  geo_proximity_location:
    description: The place that it is near to.
    type: dict
    suboptions:
      aws_region: {type: str, description: An AWS region.}
      local_zone_group: {type: str, description: A group of AWS Local Zones.}
      coordinates:
        description: A place outside of AWS.
        type: dict
        suboptions:
          latitude: {type: str, required: true, description: "-90 to 90."}
          longitude: {type: str, required: true, description: "-180 to 180."}
      bias: {type: int, description: "How much larger or smaller its area is, -99 to 99."}
  multi_value_answer: {type: bool, description: Whether it is one of up to eight answers given at once.}
  cidr_routing_config:
    description: The addresses that it answers.
    type: dict
    suboptions:
      collection_id: {type: str, required: true, description: The CIDR collection.}
      location_name: {type: str, required: true, description: "The location in the collection, or C(*)."}
  health_check_id: {type: str, description: The health check. An empty text removes it.}
  wait: {type: bool, default: false, description: Whether to wait until all of Route 53's name servers have it.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: The domain is the load balancer, for all of its traffic
  route53_record:
    region: ap-northeast-2
    zone: example.com
    name: api.example.com
    type: A
    alias: {load_balancer: voj-backend, evaluate_target_health: true}
    set_identifier: fargate
    weight: 100
"""

RETURN = r"""
fqdn: {type: str, returned: when it exists, description: The full name.}
type: {type: str, returned: when it exists, description: The type.}
zone_id: {type: str, returned: when it exists, description: The id of the hosted zone.}
change_id: {type: str, returned: when it was changed, description: The change by which Route 53 tells when it is done.}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import main

if __name__ == "__main__":
    main("route53_record", DOCUMENTATION)
