"""Module: an ACM certificate."""

from __future__ import annotations

DOCUMENTATION = r"""
module: acm_certificate
short_description: Manage an AWS Certificate Manager certificate
description:
  - Requests, validates, updates and deletes a certificate.
  - AWS fixes most of a certificate when it is requested. When its names, its key or its validation are described
    differently, a new one is requested beside it, and the old one stays for whoever uses it.
  - A certificate that failed, timed out, expired or was revoked counts as absent.
  - An option that is omitted is not managed.
options:
  domain_name: {type: str, required: true, description: "The domain name, for example api.example.com."}
  state:
    description:
      - Whether it should exist.
      - C(absent) removes every certificate that was requested for the domain name, and, where
        O(subject_alternative_names) is given, has exactly these.
      - Validation records stay.
    type: str
    choices: [present, absent]
    default: present
  subject_alternative_names:
    description: All other names of the certificate. An empty list means that there are none.
    type: list
    elements: str
  validation_method:
    description: How ACM sees that the domain is yours. A new certificate is validated by DNS.
    type: str
    choices: [DNS, EMAIL, HTTP]
  domain_validation_options:
    description: For validation by e-mail, the domains whose addresses are asked.
    type: list
    elements: dict
    suboptions:
      domain_name: {type: str, required: true, description: A name of the certificate.}
      validation_domain: {type: str, required: true, description: "The domain itself, or one above it."}
  validation_zone:
    description: The Route 53 hosted zone, by name or id, to which the validation records are written.
    type: str
  validation_timeout: {type: int, default: 600, description: Seconds to wait for the validation.}
  wait:
    description: Whether to wait until it is issued. By default when O(validation_zone) is given.
    type: bool
  key_algorithm:
    description: The algorithm of the key. AWS's default is RSA_2048.
    type: str
    choices: [RSA_1024, RSA_2048, RSA_3072, RSA_4096, EC_prime256v1, EC_secp384r1, EC_secp521r1]
  options:
    description: What is published of it, and whether its key can be had.
    type: dict
    suboptions:
      certificate_transparency_logging_preference:
        description: Whether it is listed in public logs, without which browsers do not trust it.
        type: str
        choices: [ENABLED, DISABLED]
      export:
        description: Whether it can be exported with its private key, which costs extra.
        type: str
        choices: [ENABLED, DISABLED]
  certificate_authority_arn: {type: str, description: The ARN of the private certificate authority that issues it.}
  managed_by: {type: str, choices: [CLOUDFRONT], description: The AWS service that manages it.}
  tags: {type: dict, description: All tags of the certificate; those that AWS itself puts there are left alone.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: A certificate that is validated through Route 53
  acm_certificate:
    region: ap-northeast-2
    domain_name: api.example.com
    validation_zone: example.com
"""

RETURN = r"""
arn: {type: str, returned: when it exists, description: The ARN of the certificate.}
status: {type: str, returned: when it exists, description: "ISSUED or PENDING_VALIDATION."}
validation_records:
  description: The C(name), C(type) and C(value) of the DNS records by which ACM sees that the domain is yours.
  returned: when it is validated by DNS
  type: list
  elements: dict
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import main

if __name__ == "__main__":
    main("acm_certificate", DOCUMENTATION)
