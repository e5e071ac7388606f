import socket

import pytest


def test_other_hosts_are_refused() -> None:
    with pytest.raises(OSError, match="network is off"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with pytest.raises(OSError, match="network is off"):
        socket.getaddrinfo("example.org", 80)


def test_loopback_works() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    with server, socket.create_connection(server.getsockname(), timeout=1):
        pass
