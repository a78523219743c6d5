"""Module: a rule of a listener."""

from __future__ import annotations

DOCUMENTATION = r"""
module: elb_listener_rule
short_description: Manage a rule of a load balancer's listener
description:
  - Creates, updates and deletes the rule that a listener has at a priority, with its conditions, actions and tags.
  - A rule has no name, so its priority identifies it; whoever made the rule there, it is brought to the description.
  - Another priority is another rule; the rule at the old priority is removed with O(state=absent).
  - An option that is omitted is not managed.
options:
  load_balancer: {type: str, required: true, description: "The load balancer, by name or ARN."}
  port: {type: int, required: true, description: The port of the listener.}
  priority: {type: int, required: true, description: "1 to 50000; the lowest is tried first."}
  state: {type: str, choices: [present, absent], default: present, description: Whether it should exist.}
  conditions:
    description: All of them must be met; each element has exactly one key.
    type: list
    elements: dict
    suboptions:
      host_header:
        description: The name in the Host header is one of these.
        type: dict
        suboptions:
          values: {type: list, elements: str, description: "Names, with * and ?."}
          regex_values: {type: list, elements: str, description: Regular expressions.}
      path_pattern:
        description: The path is one of these.
        type: dict
        suboptions:
          values: {type: list, elements: str, description: "Paths, with * and ?."}
          regex_values: {type: list, elements: str, description: Regular expressions.}
      http_header:
        description: A header has one of these values.
        type: dict
        suboptions:
          http_header_name: {type: str, required: true, description: The name of the header.}
          values: {type: list, elements: str, description: "Values, with * and ?."}
          regex_values: {type: list, elements: str, description: Regular expressions.}
      http_request_method:
        description: The method is one of these.
        type: dict
        suboptions:
          values: {type: list, elements: str, required: true, description: "Methods, for example GET."}
      query_string:
        description: The query has one of these parameters.
        type: dict
        suboptions:
          values:
            description: The parameters.
            type: list
            elements: dict
            required: true
            suboptions:
              key: {type: str, description: The name; any when omitted.}
              value: {type: str, required: true, description: "The value, with * and ?."}
      source_ip:
        description: The request comes from one of these networks.
        type: dict
        suboptions:
          values: {type: list, elements: str, description: Networks in CIDR notation.}
          ip_address_type: {type: str, choices: [ipv4, ipv6], description: The kind of address (network).}
  actions:
    description: What happens to the request, in this order; each element has exactly one key.
    type: list
    elements: dict
    suboptions:
      forward:
        description: Send the request to target groups.
        type: dict
        suboptions:
          target_groups:
            description: Where requests go, one group or several by weight.
            type: list
            elements: dict
            required: true
            suboptions:
              target_group: {type: str, required: true, description: "The target group, by name or ARN."}
              weight: {type: int, description: "Its share of the requests, 0 to 999; 1 when omitted."}
          target_group_stickiness_config:
            description: Whether a client stays with the target group it came to first.
            type: dict
            suboptions:
              enabled: {type: bool, required: true, description: Whether it does.}
              duration_seconds: {type: int, description: "For how long, up to 604800 seconds."}
      redirect:
        description: Answer with a redirect. What is omitted stays as in the request.
        type: dict
        suboptions:
          status_code: {type: str, required: true, choices: [HTTP_301, HTTP_302], description: Permanent or temporary.}
          protocol: {type: str, choices: [HTTP, HTTPS, "#{protocol}"], description: "By default #{protocol}."}
          port: {type: str, description: "1 to 65535; by default #{port}."}
          host: {type: str, description: "By default #{host}."}
          path: {type: str, description: "Begins with a slash; by default /#{path}."}
          query: {type: str, description: "Without the question mark; by default #{query}."}
      fixed_response:
        description: Answer without asking a target.
        type: dict
        suboptions:
          status_code: {type: str, required: true, description: "The HTTP status: 2XX, 4XX or 5XX."}
          content_type:
            description: The type of the body; C(text/plain) when omitted.
            type: str
            choices: [text/plain, text/css, text/html, application/javascript, application/json]
          message_body: {type: str, description: "The body, up to 1024 characters."}
      authenticate_oidc:
        description: Let an OpenID Connect provider authenticate the user (HTTPS listeners).
        type: dict
        suboptions:
          issuer: {type: str, required: true, description: The identifier of the provider.}
          authorization_endpoint: {type: str, required: true, description: The URL of its authorization endpoint.}
          token_endpoint: {type: str, required: true, description: The URL of its token endpoint.}
          user_info_endpoint: {type: str, required: true, description: The URL of its user info endpoint.}
          client_id: {type: str, required: true, description: The OAuth 2.0 client identifier.}
          client_secret:
            description:
              - The OAuth 2.0 client secret, needed when the action is new.
              - AWS does not return it; a change of the secret alone is not noticed, but sent with any other change.
            type: str
          session_cookie_name: {type: str, description: The name of the cookie that keeps the session.}
          scope: {type: str, description: "The claims to ask for, separated by spaces; by default openid."}
          session_timeout: {type: int, description: The seconds a session lasts; by default 604800.}
          authentication_request_extra_params:
            description: Up to 10 query parameters to add to the redirect to the provider.
            type: dict
          on_unauthenticated_request:
            description: What happens to a request without a session; by default V(authenticate).
            type: str
            choices: [deny, allow, authenticate]
      authenticate_cognito:
        description: Let an Amazon Cognito user pool authenticate the user (HTTPS listeners).
        type: dict
        suboptions:
          user_pool_arn: {type: str, required: true, description: The ARN of the user pool.}
          user_pool_client_id: {type: str, required: true, description: The id of the user pool's client.}
          user_pool_domain: {type: str, required: true, description: The prefix or full name of the user pool's domain.}
          session_cookie_name: {type: str, description: The name of the cookie that keeps the session.}
          scope: {type: str, description: "The claims to ask for, separated by spaces; by default openid."}
          session_timeout: {type: int, description: The seconds a session lasts; by default 604800.}
          authentication_request_extra_params:
            description: Up to 10 query parameters to add to the redirect to the user pool.
            type: dict
          on_unauthenticated_request:
            description: What happens to a request without a session; by default V(authenticate).
            type: str
            choices: [deny, allow, authenticate]
      jwt_validation:
        description: Let only requests with a valid JSON Web Token through (HTTPS listeners).
        type: dict
        suboptions:
          jwks_endpoint: {type: str, required: true, description: The HTTPS URL of the JSON Web Key Set.}
          issuer: {type: str, required: true, description: The issuer that the token must name.}
          additional_claims:
            description: Up to 10 more claims that the token must have.
            type: list
            elements: dict
            suboptions:
              name: {type: str, required: true, description: The name of the claim.}
              format:
                description: How the claim is written.
                type: str
                required: true
                choices: [single-string, string-array, space-separated-values]
              values: {type: list, elements: str, required: true, description: The claim's values.}
  transforms:
    description: How the request is rewritten before it is sent on. An empty list removes them.
    type: list
    elements: dict
    suboptions:
      host_header_rewrite:
        description: Rewrite the Host header.
        type: dict
        suboptions:
          rewrites:
            description: The rewrite.
            type: list
            elements: dict
            required: true
            suboptions:
              regex: {type: str, required: true, description: What is replaced.}
              replace: {type: str, required: true, description: "By what; $1 is the first group."}
      url_rewrite:
        description: Rewrite path and query.
        type: dict
        suboptions:
          rewrites:
            description: The rewrite.
            type: list
            elements: dict
            required: true
            suboptions:
              regex: {type: str, required: true, description: What is replaced.}
              replace: {type: str, required: true, description: "By what; $1 is the first group."}
  manage_weights:
    description: Whether weights of target groups are changed; V(false) when ECS shifts them (blue/green).
    type: bool
    default: true
  alternate_target_group:
    description:
      - The name of the second target group of a service that ECS has deployed blue/green, and now deploys otherwise.
      - Where the forward action has it beside those described, all of them stay with their weights, because the tasks
        may be behind either.
    type: str
  tags: {type: dict, description: All tags; those that AWS itself puts there are left alone.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: A host name goes to its service
  elb_listener_rule:
    region: ap-northeast-2
    load_balancer: voj-backend-alb
    port: 443
    priority: 10
    conditions:
      - host_header: {values: [api.voj-audiobook.com]}
    actions:
      - forward: {target_groups: [{target_group: voj-backend}]}

- name: The production rule of a blue/green service, whose weights belong to ECS
  elb_listener_rule:
    region: ap-northeast-2
    load_balancer: voj-backend-alb
    port: 443
    priority: 20
    manage_weights: false
    conditions:
      - path_pattern: {values: [/api/*]}
    actions:
      - forward:
          target_groups:
            - {target_group: voj-backend-blue, weight: 1}
            - {target_group: voj-backend-green, weight: 0}
"""

RETURN = r"""
arn: {type: str, returned: when it exists, description: The ARN of the rule.}
listener_arn: {type: str, returned: when it exists, description: The ARN of its listener.}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import main

if __name__ == "__main__":
    main("elb_listener_rule", DOCUMENTATION)
