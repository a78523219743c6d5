"""Module: a listener of a load balancer."""

from __future__ import annotations

DOCUMENTATION = r"""
module: elb_listener
short_description: Manage a listener of a load balancer
description:
  - Creates, updates and deletes the listener of a port, with its certificates, default actions, attributes and tags.
  - An option that is omitted is not managed. Rules other than the default one are managed by M(elb_listener_rule).
options:
  load_balancer: {type: str, required: true, description: "The load balancer, by name or ARN."}
  port: {type: int, required: true, description: The port; a load balancer has one listener a port.}
  state: {type: str, choices: [present, absent], default: present, description: Whether it should exist.}
  protocol:
    description: The protocol of the clients.
    type: str
    choices: [HTTP, HTTPS, TCP, TLS, UDP, TCP_UDP, QUIC, TCP_QUIC]
  ssl_policy:
    description: "The TLS versions and ciphers, for example C(ELBSecurityPolicy-TLS13-1-2-2021-06) (HTTPS, TLS)."
    type: str
  certificates:
    description:
      - The certificates, each by its ARN or by the domain name of an M(acm_certificate) (HTTPS, TLS).
      - The first is the default one. The others are chosen by the name the client asks for (SNI).
    type: list
    elements: str
  purge_certificates:
    description: Whether certificates that are not in O(certificates) are removed; others may have added theirs.
    type: bool
    default: false
  alpn_policy:
    description: The policy for Application-Layer Protocol Negotiation (TLS).
    type: list
    elements: str
    choices: [HTTP1Only, HTTP2Only, HTTP2Optional, HTTP2Preferred, None]
  mutual_authentication:
    description: How client certificates are treated (HTTPS).
    type: dict
    suboptions:
      mode: {type: str, required: true, choices: ["off", passthrough, verify], description: The treatment.}
      trust_store_arn: {type: str, description: "The ARN of the trust store, for V(verify)."}
      ignore_client_certificate_expiry: {type: bool, description: Whether expired certificates are accepted.}
      advertise_trust_store_ca_names:
        description: Whether clients are told the names of the trusted authorities.
        type: str
        choices: ["on", "off"]
  default_actions:
    description: What happens to a request that no rule matches, in this order; each element has exactly one key.
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
  manage_weights:
    description: Whether weights of target groups are changed; V(false) when ECS shifts them (blue/green).
    type: bool
    default: true
  tcp_idle_timeout_seconds:
    description: "After how many idle seconds a TCP connection is closed, 60 to 6000 (network)."
    type: int
  request_header_names:
    description: Other names for headers that are added to requests (HTTPS).
    type: dict
    suboptions:
      x_amzn_mtls_clientcert_serial_number: {type: str, description: The header with the certificate's serial number.}
      x_amzn_mtls_clientcert_issuer: {type: str, description: The header with its issuer.}
      x_amzn_mtls_clientcert_subject: {type: str, description: The header with its subject.}
      x_amzn_mtls_clientcert_validity: {type: str, description: The header with its validity.}
      x_amzn_mtls_clientcert_leaf: {type: str, description: The header with the leaf certificate.}
      x_amzn_mtls_clientcert: {type: str, description: The header with the certificate chain.}
      x_amzn_tls_version: {type: str, description: The header with the TLS version.}
      x_amzn_tls_cipher_suite: {type: str, description: The header with the cipher suite.}
  response_headers:
    description: Headers of responses (application). An empty text takes a header away again.
    type: dict
    suboptions:
      server: {type: bool, description: Whether responses have the Server header.}
      strict_transport_security: {type: str, description: The value of Strict-Transport-Security.}
      access_control_allow_origin: {type: str, description: The value of Access-Control-Allow-Origin.}
      access_control_allow_methods: {type: str, description: The value of Access-Control-Allow-Methods.}
      access_control_allow_headers: {type: str, description: The value of Access-Control-Allow-Headers.}
      access_control_allow_credentials: {type: str, description: The value of Access-Control-Allow-Credentials.}
      access_control_expose_headers: {type: str, description: The value of Access-Control-Expose-Headers.}
      access_control_max_age: {type: str, description: The value of Access-Control-Max-Age.}
      content_security_policy: {type: str, description: The value of Content-Security-Policy.}
      x_content_type_options: {type: str, description: The value of X-Content-Type-Options.}
      x_frame_options: {type: str, description: The value of X-Frame-Options.}
  tags: {type: dict, description: All tags; those that AWS itself puts there are left alone.}
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: HTTPS, and 404 for what no rule matches
  elb_listener:
    region: ap-northeast-2
    load_balancer: voj-backend-alb
    port: 443
    protocol: HTTPS
    ssl_policy: ELBSecurityPolicy-TLS13-1-2-2021-06
    certificates: [api.voj-audiobook.com]
    default_actions:
      - fixed_response: {status_code: "404", message_body: no such service}
    response_headers: {strict_transport_security: max-age=31536000}

- name: Everything that comes by HTTP goes to HTTPS
  elb_listener:
    region: ap-northeast-2
    load_balancer: voj-backend-alb
    port: 80
    protocol: HTTP
    default_actions:
      - redirect: {protocol: HTTPS, port: "443", status_code: HTTP_301}
"""

RETURN = r"""
arn: {type: str, returned: when it exists, description: The ARN of the listener.}
load_balancer_arn: {type: str, returned: when it exists, description: The ARN of its load balancer.}
port: {type: int, returned: when it exists, description: The port.}
protocol: {type: str, returned: when it exists, description: The protocol.}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import main

if __name__ == "__main__":
    main("elb_listener", DOCUMENTATION)
