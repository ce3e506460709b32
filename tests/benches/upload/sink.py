"""A server that takes uploads at the least cost, so that a client's own cost is what a bench sees.

Prints its port, reads each body without looking at it, and answers as an upload does. It ends when standard input does.
"""

from __future__ import annotations

import os
import re
import socket
import sys
import threading

ANSWER = b'{"id":"f","name":"data.bin"}'


def serve(connection: socket.socket) -> None:
    block = memoryview(bytearray(1 << 20))
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pending = b""
        while True:
            while b"\r\n\r\n" not in pending:
                received = connection.recv(65536)
                if not received:
                    return
                pending += received
            head, _, pending = pending.partition(b"\r\n\r\n")
            if b"100-continue" in head.lower():
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            length = re.search(rb"(?i)content-length: *(\d+)", head)
            left = int(length[1]) - len(pending) if length else 0
            pending = b""
            while left > 0:
                left -= connection.recv_into(block, min(left, len(block))) or left
            connection.sendall(b"HTTP/1.1 201 Created\r\ncontent-length: %d\r\n\r\n%s" % (len(ANSWER), ANSWER))


def main() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    while True:
        connection, _ = server.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
