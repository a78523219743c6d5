"""No secret value is in any output, however much of it is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.playbook import ansible_playbook
from tests.emulators.emulator import Emulator

SECRET = "hunter2hunter2"
PLAYBOOK = """
- hosts: localhost
  gather_facts: false
  vars_files: [secret.yml]
  tasks:
    - ssm_parameter: {{name: /shown/one, type: SecureString, value: "{{{{ secret }}}}", region: {region}}}
    - aws_resources: &many
        region: {region}
        resources:
          - ssm_parameter: {{name: /shown/two, type: SecureString, value: "{{{{ secret }}}}"}}
    - aws_resources:
        region: {region}
        resources:
          - ssm_parameter: {{name: /shown/two, type: SecureString, value: "{{{{ secret }}}}-changed"}}
      check_mode: true
    - ssm_parameter: {{name: /shown/one, value: "{{{{ secret }}}}", tier: None of them, region: {region}}}
      ignore_errors: true
    - aws_resources:
        region: {region}
        resources:
          - ssm_parameter: {{name: /shown/two, value: "{{{{ secret }}}}", unknown: option}}
      ignore_errors: true
"""


@pytest.mark.parametrize("verbosity", ["", "-vvvvv"])
def test_no_value_is_shown(verbosity: str, moto: Emulator, tmp_path: Path) -> None:
    (tmp_path / "secret.yml").write_text(f"secret: {SECRET}\n")
    play = tmp_path / "play.yml"
    play.write_text(PLAYBOOK.format(region="ap-northeast-2"))
    arguments = [str(play), "-i", "localhost,", "--diff", *filter(None, [verbosity])]
    result = ansible_playbook(*arguments, environment=moto.environment())
    assert result.code == 0, result.output
    assert "value: (sensitive)" in result.output
    assert "tier" in result.output
    assert SECRET not in result.output
