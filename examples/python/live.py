#!/usr/bin/env python3
"""Follows the rows of a table: prints them, and then what each commit changes.

A complete client of the protocol rowcast.v1 (src/protocol/PROTOCOL.md) that uses Python's standard library and nothing
else. The WebSocket (RFC 6455) takes most of it; the protocol is in Follower.receive. Numbers become Python's: where all digits of
a numeric matter, give json.loads parse_float=decimal.Decimal.

    python3 examples/python/live.py products
    python3 examples/python/live.py products --where 'quantity < $1' --params '[10]'
    ROWCAST_TOKEN=$(rowcast token create --role staff) python3 examples/python/live.py products
"""

import argparse
import base64
import hashlib
import json
import os
import random
import socket
import struct
import sys
import time

SUBPROTOCOL = "rowcast.v1"
# RFC 6455 §1.3: what a server must have known to answer the handshake.
MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
# A connection that is silent for longer than this before the server has said how often it speaks is lost.
FIRST_TIMEOUT_S = 10
LONGEST_PAUSE_S = 30
# After these, coming back is of no use: close codes, and the status of a handshake that is refused.
FINAL = {
    4400: "the server does not understand this program",
    4401: "the token is worth nothing any more",
    401: "the server lets nobody in without a token: set ROWCAST_TOKEN to what `rowcast token create` prints",
}


class Closed(Exception):
    """The connection has ended, with this code if the server gave one."""

    def __init__(self, code=None):
        super().__init__(f"closed ({code})" if code else "lost")
        self.code = code


class WebSocket:
    """As much of RFC 6455 as a client needs."""

    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), timeout=FIRST_TIMEOUT_S)
        self.buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        request = [
            "GET /live HTTP/1.1",
            f"Host: {host}:{port}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
            f"Sec-WebSocket-Protocol: {SUBPROTOCOL}",
        ]
        # Not an option, because everybody on the machine may read a command line.
        if token := os.environ.get("ROWCAST_TOKEN"):
            request.append(f"Authorization: Bearer {token}")
        self.socket.sendall("\r\n".join([*request, "", ""]).encode())
        while b"\r\n\r\n" not in self.buffer:
            self.fill()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        expected = base64.b64encode(hashlib.sha1((key + MAGIC).encode()).digest())
        if head.startswith(b"HTTP/1.1 401"):
            raise Closed(401)
        if not head.startswith(b"HTTP/1.1 101") or expected not in head:
            raise Closed()

    def fill(self):
        received = self.socket.recv(65536)
        if not received:
            raise Closed()
        self.buffer += received

    def take(self, count):
        while len(self.buffer) < count:
            self.fill()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def receive(self):
        """The next text; answers pings on the way."""
        text = b""
        while True:
            first, length = self.take(2)
            if length == 126:
                (length,) = struct.unpack(">H", self.take(2))
            elif length == 127:
                (length,) = struct.unpack(">Q", self.take(8))
            payload, kind = self.take(length), first & 0x0F
            if kind == PING:
                self.send(PONG, payload)
            elif kind == CLOSE:
                self.send(CLOSE, payload[:2])
                raise Closed(struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else None)
            elif kind != PONG:
                text += payload
                if first & 0x80:
                    return text.decode()

    def send(self, kind, payload):
        mask = os.urandom(4)
        if len(payload) < 126:
            length = bytes([0x80 | len(payload)])
        else:
            length = bytes([0x80 | 126]) + struct.pack(">H", len(payload))
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
        self.socket.sendall(bytes([0x80 | kind]) + length + mask + masked)

    def send_json(self, frame):
        self.send(TEXT, json.dumps(frame).encode())

    def close(self):
        self.socket.close()


class Follower:
    """The rows of one subscription, and what has arrived of their next state."""

    def __init__(self, question):
        self.question = question
        self.rows = {}
        self.position = None
        self.start()

    def start(self):
        """A new connection: what had not been committed is gone."""
        self.key = self.snapshot = self.timeout = None
        self.staged = []
        self.complete = False

    def request(self):
        frame = {"type": "subscribe", "id": "rows", **self.question}
        return frame if self.position is None else {**frame, "position": self.position}

    def key_of(self, row):
        return json.dumps([row[column] for column in self.key])

    def receive(self, frame):
        """Takes a frame. A list of what changed if it commits, else None."""
        kind = frame["type"]
        if kind == "welcome":
            # Who hears nothing for twice as long should connect again.
            self.timeout = 2 * frame["heartbeat_ms"] / 1000
        elif kind == "subscribed":
            self.key, self.complete, self.snapshot, self.staged = frame["key"], frame["resumed"], None, []
        elif kind == "resync":
            say(f"starting over: {frame['reason']}")
            self.complete, self.snapshot, self.staged = False, None, []
        elif kind == "snapshot":
            self.snapshot = (self.snapshot or []) + frame["rows"]
            if not frame.get("more"):
                self.staged = [("replace", self.snapshot)]
                self.snapshot, self.complete = None, True
        elif kind == "changes":
            self.staged += [(change["op"], change.get("row", change.get("key"))) for change in frame["changes"]]
        elif kind == "error":
            say(f"{frame['code']}: {frame['message']} {frame.get('hint', '')}")
            if frame["code"] != "source_unavailable":
                sys.exit(1)
        elif kind == "source":
            say("changes flow" if frame["available"] else "the database cannot be read; waiting")
        if frame.get("position") is None or not self.complete:
            return None
        staged, self.staged, self.position = self.staged, [], frame["position"]
        return [line for op, what in staged for line in self.apply(op, what)]

    def apply(self, op, what):
        if op in ("replace", "truncate"):
            rows = what if op == "replace" else []
            self.rows = {self.key_of(row): row for row in rows}
            return [(op, f"{len(self.rows)} rows"), *(("=", row) for row in rows)]
        if op == "delete":
            return [("-", self.rows.pop(self.key_of(what)))]
        sign = "+" if op == "insert" else "~"
        self.rows[self.key_of(what)] = what
        return [(sign, what)]


def say(text):
    print(f"# {text}", file=sys.stderr, flush=True)


def follow(host, port, follower):
    """One connection, until it ends."""
    follower.start()
    connection = WebSocket(host, port)
    try:
        connection.send_json(follower.request())
        while True:
            changed = follower.receive(json.loads(connection.receive()))
            if follower.timeout:
                connection.socket.settimeout(follower.timeout)
            for sign, what in changed or []:
                print(sign, what if isinstance(what, str) else json.dumps(what, ensure_ascii=False))
            if changed:
                print(f"commit, {len(follower.rows)} rows", flush=True)
    finally:
        connection.close()


def main():
    parser = argparse.ArgumentParser(description="Follows the rows of a table.")
    parser.add_argument("table")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--where", help="a boolean expression in SQL")
    parser.add_argument("--params", type=json.loads, default=[], help="a JSON array of the values of $1, $2, …")
    options = parser.parse_args()
    question = {"table": options.table}
    if options.where:
        question.update({"where": options.where, "params": options.params})
    follower, failures = Follower(question), 0
    while True:
        before = follower.position
        try:
            follow(options.host, options.port, follower)
        except (OSError, Closed) as error:
            if reason := FINAL.get(getattr(error, "code", None)):
                sys.exit(f"{reason}: {error}")
            failures = 1 if follower.position != before else failures + 1
            # The random part keeps a thousand clients of one server from coming back at once.
            pause = random.uniform(0, min(LONGEST_PAUSE_S, 0.5 * 2**failures))
            say(f"{error}; trying again in {pause:.1f} s")
            time.sleep(pause)


if __name__ == "__main__":
    try:
        main()
    except (KeyboardInterrupt, BrokenPipeError):
        pass
