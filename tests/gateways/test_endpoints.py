"""Endpoints that strangers could reach are refused at start."""

from __future__ import annotations

import pytest

from domain.errors import ConfigError
from gateways.endpoints import check_endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "tcp://0.0.0.0:5555",
        "tcp://*:5555",
        "tcp://10.0.0.1:5555",
        "tcp://host:1",
        "ipc://@name",
        "ipc://x",
        "udp://a",
        "",
    ],
)
def test_endpoint_is_refused_when_others_could_reach_it(endpoint):
    with pytest.raises(ConfigError, match="allowed"):
        check_endpoint(endpoint, "trade")


@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:5555", "tcp://[::1]:5555", "tcp://localhost:5"])
def test_endpoint_passes_when_on_loopback(endpoint):
    check_endpoint(endpoint, "trade")


def test_ipc_directory_is_made_private_or_refused(tmp_path):
    check_endpoint(f"ipc://{tmp_path}/a/x", "trade")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700
    (tmp_path / "a").chmod(0o755)
    with pytest.raises(ConfigError, match="0700"):
        check_endpoint(f"ipc://{tmp_path}/a/x", "trade")
    with pytest.raises(ConfigError, match="107"):
        check_endpoint(f"ipc:///{'x' * 110}", "trade")
