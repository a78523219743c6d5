#!/usr/bin/python
"""Module: a key pair of EC2."""

from __future__ import annotations

DOCUMENTATION = r"""
module: key_pair
short_description: Manage an Amazon EC2 key pair
description:
  - Imports a public key, so that new instances let its owner in. The private key is never seen.
  - A key pair cannot be changed after it was made; an instance keeps the key that it was made with.
options:
  name: {type: str, required: true, description: The name of the key pair.}
  state: {type: str, choices: [present, absent], default: present, description: Whether it should exist.}
  public_key:
    description: The public key, as in a C(.pub) file of OpenSSH. A new key pair needs it.
    type: str
extends_documentation_fragment: [aws]
"""

EXAMPLES = r"""
- name: Who may log in to new instances
  key_pair:
    region: ap-northeast-2
    name: prod-homu
    public_key: "{{ lookup('ansible.builtin.file', '~/.ssh/id_ed25519.pub') }}"
"""

RETURN = r"""
id: {type: str, returned: when it exists, description: "The id of the key pair, key-..."}
api_calls: {type: int, returned: always, description: How many API calls were made.}
"""

from ansible.module_utils.slipway.module import main

if __name__ == "__main__":
    main("key_pair", DOCUMENTATION)
