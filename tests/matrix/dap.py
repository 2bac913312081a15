"""A client of debugpy: sets a breakpoint, and asks for all that is to be seen at it."""

import json
import re
import socket
from collections.abc import Callable

from common.live import TOOL_TIMEOUT, Failure

from matrix.facts import GATE, WATCHED, Sighting, value
from matrix.looking import Run


class Client:
    """One connection that speaks the Debug Adapter Protocol."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), TOOL_TIMEOUT)
        self.file = self.socket.makefile("rb")
        self.number = 0
        self.events: list[dict] = []

    def send(self, command: str, **arguments: object) -> int:
        self.number += 1
        body = json.dumps(
            {"seq": self.number, "type": "request", "command": command, "arguments": arguments}
        ).encode()
        self.socket.sendall(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return self.number

    def receive(self) -> dict:
        length = 0
        while line := self.file.readline().strip():
            if found := re.fullmatch(rb"Content-Length: (\d+)", line):
                length = int(found[1])
        if not length:
            raise Failure("debugpy closed the connection")
        return json.loads(self.file.read(length))

    def until(self, is_it: Callable[[dict], bool]) -> dict:
        for index, event in enumerate(self.events):
            if is_it(event):
                return self.events.pop(index)
        try:
            while not is_it(message := self.receive()):
                self.events.append(message)
        except TimeoutError as error:
            raise Failure(f"debugpy does not answer; it said {self.events[-3:]}") from error
        return message

    def answer(self, number: int) -> dict:
        message = self.until(lambda it: it["type"] == "response" and it["request_seq"] == number)
        if not message["success"]:
            raise Failure(f"debugpy: {message.get('message')}")
        return message.get("body", {})

    def ask(self, command: str, **arguments: object) -> dict:
        return self.answer(self.send(command, **arguments))

    def event(self, *names: str) -> dict:
        return self.until(lambda it: it["type"] == "event" and it["event"] in names)


def debugpy_breakpoint(run: Run) -> Sighting:
    with run.live("installed.Debugpy", at_gate=False) as live:
        client = Client(live.facts["port"])
        with client.socket:
            client.ask("initialize", adapterID="matrix", linesStartAt1=True)
            attached = client.send("attach", justMyCode=False, subProcess=False)
            client.event("initialized")
            client.ask(
                "setBreakpoints",
                source={"path": str(WATCHED)},
                breakpoints=[{"line": GATE}],
            )
            client.ask("configurationDone")
            client.answer(attached)
            seen, stops = {}, []
            while (event := client.event("stopped", "terminated"))["event"] == "stopped":
                thread = event["body"]["threadId"]
                frames = client.ask("stackTrace", threadId=thread)["stackFrames"]
                stops.append([frames[0]["name"], frames[0]["line"]])
                seen = _at_stop(client, frames)
                client.ask("continue", threadId=thread)
            client.send("disconnect")
        # The last that the program says is what it knew when it was at the gate.
        run.arrived(json.loads(live.read_line(TOOL_TIMEOUT)))
    return seen | {"events": stops}


def _at_stop(client: Client, frames: list[dict]) -> Sighting:
    chain = [
        [frame["name"], frame["line"]]
        for frame in frames
        if frame.get("source", {}).get("path") == str(WATCHED)
    ]
    scopes = client.ask("scopes", frameId=frames[0]["id"])["scopes"]
    (local,) = (scope for scope in scopes if scope["name"] == "Locals")
    shown = client.ask("variables", variablesReference=local["variablesReference"])["variables"]
    values = {item["name"]: value(item["value"]) for item in shown}
    return {
        "function": chain[0][0],
        "line": chain[0][1],
        "chain": chain,
        "arguments": {n: values[n] for n in ("rounds", "step", "word") if n in values},
        "int": values.get("count"),
        "float": values.get("half"),
        "object": values.get("thing"),
    }
