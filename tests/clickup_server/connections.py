"""Connections that can be reset: uvicorn hands applications no socket, so the open ones are kept here by address."""

import asyncio
import socket
import struct
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

NO_LINGER: Final = struct.pack("ii", 1, 0)

_open: dict[tuple[str, int], asyncio.Transport] = {}


class ResettableProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, whose connections ``reset`` finds."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        _open[tuple(transport.get_extra_info("peername")[:2])] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self_at = tuple(self.transport.get_extra_info("peername")[:2])
        if _open.get(self_at) is self.transport:
            del _open[self_at]
        super().connection_lost(exc)


def reset(client: tuple[str, int]) -> None:
    """Drop the connection of a client with RST: it reads ``Connection reset by peer``, not an end."""
    transport = _open.get(tuple(client))
    if transport is not None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        transport.abort()
