"""Drift of a machine and of a service on it: changed by plain shell, found exactly, put back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from docker import DockerClient

from demo.base_image import PYTHON
from tests.lab.drifting import SECRET, Shop, opened
from tests.lab.homu import succeeded, until

pytestmark = [pytest.mark.docker, pytest.mark.ministack, pytest.mark.timeout(600)]
STATE = "/etc/slipway/services/shop"
UNIT = "/etc/systemd/system/shop.service"
SITE = "/etc/caddy/sites/shop.caddy"
# All that a check may not touch; what runs writes elsewhere.
LISTED = "find /etc /usr /opt /root /var/lib/caddy -xdev -printf '%p %m %u %s %T@ %C@\\n'"


@pytest.fixture(scope="module")
def shop(docker_engine: DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The service, released on its machine."""
    folder = tmp_path_factory.mktemp("drift")
    with opened(docker_engine, folder, folder) as one:
        yield one


def told(report: dict[str, Any], *states: str) -> dict[str, str]:
    """Severity by kind, name and field, of the findings that are drift, or of some states."""
    return {
        f"{one['kind']} {one['name']} {one['field']}".rstrip(): one["severity"]
        for one in report["findings"]
        if one["state"] in (states or ("drift",))
    }


def test_an_untouched_machine_is_clean_and_looking_at_it_writes_nothing(shop: Shop) -> None:
    before = shop.shell(LISTED)
    code, report, output = shop.drift()
    assert (code, report["findings"], report["errors"], report["notes"]) == (0, [], {}, []), output
    assert shop.shell(LISTED) == before
    assert "differs:" not in output
    assert "changed=0" in output


def test_what_somebody_changed_on_the_machine_is_found_and_nothing_else(shop: Shop) -> None:
    release = f"{STATE}/releases/{shop.release}"
    shop.shell("cp -a /etc /etc.before")
    shop.shell(
        f"""
        chmod 0644 {release}/.env
        echo 'STOLEN="{SECRET}"' >> {release}/.env
        sed -i 's/"128m"/"256m"/' {release}/compose.yaml
        chown nobody {STATE}/base/.env
        echo '# by hand' >> {SITE}
        sed -i s/RestartSec=5/RestartSec=6/ {UNIT}
        systemctl disable --quiet shop.service
        systemctl disable --quiet --now shop-report.timer
        mkdir {UNIT}.d && printf '[Service]\\nNice=5\\n' > {UNIT}.d/nice.conf && systemctl daemon-reload
        docker update --memory 96m --memory-swap 96m shop-{shop.release}-mail-1
        docker exec shop-cache-1 touch /ill
        """
    )
    shop.shell(
        f"""
        docker run --detach --name stranger --publish 9999:80 {PYTHON.image} sleep infinity
        systemd-run --quiet --unit=listener python3 -m http.server 8080
        systemd-run --quiet --unit=described python3 -m http.server 9100
        systemd-run --quiet --unit=local python3 -m http.server --bind 127.0.0.1 8081
        iptables -A INPUT -p tcp --dport 25 -j DROP
        apt-mark hold caddy
        echo ':8082 {{' > /etc/caddy/sites/other.caddy && echo '}}' >> /etc/caddy/sites/other.caddy
        sed -i 's/"max-file": "5"/"max-file": "7"/' /etc/docker/daemon.json
        chmod 0600 /etc/caddy/Caddyfile
        systemctl stop chrony.service
        echo '# by hand' >> /etc/systemd/system/slipway-disk-guard.service
        """
    )
    until(lambda: "unhealthy" in shop.host.exec("docker", "ps", "--filter=name=shop-cache-1"))
    code, report, output = shop.drift()
    assert told(report) == {
        "compose_service shop files[.env].mode": "critical",
        "compose_service shop files[.env].content": "high",
        "compose_service shop files[compose.yaml].content": "high",
        "compose_service shop files[base/.env].owner": "high",
        f"compose_service shop files[{SITE}].content": "high",
        f"compose_service shop files[{UNIT}].content": "high",
        f"compose_service shop drop_ins[{UNIT}.d/nice.conf]": "high",
        "compose_service shop unit.enabled": "high",
        "compose_service shop timers[report].enabled": "high",
        "compose_service shop timers[report].active": "high",
        "compose_service shop containers[mail].memory": "medium",
        "compose_service shop containers[cache].health": "high",
        "machine box containers[stranger]": "medium",
        "machine box ports[tcp/9999]": "critical",
        "machine box ports[tcp/8080]": "critical",
        "machine box firewall[iptables filter: -A INPUT -p tcp -m tcp --dport 25 -j DROP]": "high",
        "machine box packages[caddy].held": "medium",
        "machine box files[/etc/caddy/sites/other.caddy]": "high",
        "machine box Configure Docker": "medium",
        "machine box Configure Caddy": "medium",
        "machine box Keep the clock right, now and at every boot": "high",
        "machine box Describe the disk guard's service and timer[slipway-disk-guard.service]": "medium",
    }, output
    assert (code, told(report, "pending", "unreadable", "ignored"), report["errors"]) == (2, {}, {}), output
    assert SECRET not in output
    assert SECRET not in str(report)
    found = {one["field"]: one for one in report["findings"]}
    assert (found["files[.env].mode"]["expected"], found["files[.env].mode"]["found"]) == ("0600", "0644")
    assert found["files[.env].content"]["found"] == "another one: STOLEN"
    assert found["files[compose.yaml].content"]["expected"] == ['"mem_limit": "128m",', '"memswap_limit": "128m",']
    assert found["Configure Docker"]["found"] == {"lines": ['"max-file": "7",']}
    assert found["Configure Caddy"]["found"] == {"mode": "0600"}
    everywhere = ["0.0.0.0"]  # noqa: S104
    assert found["ports[tcp/8080]"]["found"] == {"addresses": everywhere, "process": "python3"}
    assert found["unit.enabled"]["remedy"].endswith("--limit shop")
    assert found["Configure Docker"]["remedy"].endswith("--limit box --tags host")

    # A deploy and the remedies put it back.
    shop.shell(
        """
        systemctl stop listener described local
        cp -a /etc.before/docker/daemon.json /etc/docker/ && cp -a /etc.before/caddy/Caddyfile /etc/caddy/
        cp -a /etc.before/systemd/system/slipway-disk-guard.service /etc/systemd/system/
        systemctl daemon-reload && systemctl start chrony.service
        """
    )
    for one in report["findings"]:
        command = one["remedy"].partition("on box: ")[2].replace("sudo ", "").partition(" (")[0]
        if command:
            shop.shell(command)
    put_back = succeeded(shop.play("deploy.yml"))
    assert put_back.changed["shop"] == 1, put_back.output


def test_put_back_it_is_clean_though_another_machine_lets_nobody_in_and_more_is_described(shop: Shop) -> None:
    shop.add_machine("gone", ansible_connection="ssh", ansible_host="127.0.0.1", ansible_port=9, ansible_user="nobody")
    try:
        code, report, output = shop.drift("-e", "service_stop_timeout=3")
    finally:
        shop.forget_machine("gone")
    assert (code, list(report["errors"])) == (4, ["gone"]), output
    assert "does not let us in" in report["errors"]["gone"]
    report["findings"] = [one for one in report["findings"] if one["services"] != ["gone"]]
    assert told(report, "drift", "unreadable", "ignored") == {}, output
    assert told(report, "pending") == {
        "compose_service shop release.compose.services.web-1.stop_grace_period": "medium",
        "compose_service shop release.compose.services.mail.stop_grace_period": "medium",
        "compose_service shop release.compose.services.report.stop_grace_period": "medium",
        "compose_service shop release.stop_timeout": "medium",
    }, output


def test_a_stopped_service_and_another_image_are_critical_and_are_put_back(shop: Shop) -> None:
    name = f"shop-{shop.release}-web-1-1"
    labels = f"--label com.docker.compose.project=shop-{shop.release} --label com.docker.compose.service=web-1"
    shop.shell(
        f"""
        docker create --name other {labels} --network shop --memory 128m --memory-swap 128m --cpus 0.25 \
          --restart unless-stopped --env VERSION=1 {PYTHON.image} sleep infinity
        docker rm --force {name} && docker start other
        """
    )
    code, report, output = shop.drift("--limit", "shop")
    assert (code, told(report)) == (
        2,
        {
            "compose_service shop containers[web-1].image": "critical",
            "compose_service shop containers[web-1].variables": "high",
        },
    ), output
    shop.shell("systemctl stop shop.service")
    code, report, output = shop.drift("--limit", "shop")
    assert (code, told(report)) == (2, {"compose_service shop unit.active": "critical"}), output
    code, report, output = shop.drift("--limit", "shop", "-e", "repair=true")
    assert (code, told(report)) == (
        2,
        {
            "compose_service shop containers[web-1].image": "critical",
            "compose_service shop containers[web-1].variables": "high",
        },
    ), output
    assert "put right: compose_service shop: unit.active" in output
    assert "-e repair=true -e confirm=compose_service:shop  # the container is made anew" in output
    code, report, output = shop.drift(
        "--limit", "shop", "-e", "repair=true", "-e", "confirm=compose_service:shop"
    )  # fmt: skip
    assert (code, report["findings"], report["errors"]) == (0, [], {}), output
    assert shop.host.exec("docker", "ps", "--quiet", "--filter=name=other") == ""
