"""Switch the network off for a Python process, loopback excepted: put this folder on PYTHONPATH."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex
_getaddrinfo = socket.getaddrinfo


def _local(host: Any) -> bool:
    if host in (None, "", "localhost") or not isinstance(host, (str, bytes)):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host).is_loopback
    except ValueError:
        return False


def _refuse(sock: socket.socket, address: Any) -> None:
    if sock.family in (socket.AF_INET, socket.AF_INET6) and not _local(address[0]):
        raise OSError(f"the network is off in this run: {address[0]} was asked for")


def connect(self: socket.socket, address: Any) -> None:
    _refuse(self, address)
    _connect(self, address)


def connect_ex(self: socket.socket, address: Any) -> int:
    _refuse(self, address)
    return _connect_ex(self, address)


def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
    if not _local(host):
        raise socket.gaierror(f"the network is off in this run: {host!r} was looked up")
    return _getaddrinfo(host, *args, **kwargs)


socket.socket.connect = connect  # type: ignore[method-assign]
socket.socket.connect_ex = connect_ex  # type: ignore[method-assign]
socket.getaddrinfo = getaddrinfo
