"""Osmocom's telnet interface (VTY), made for people: a banner, a prompt, lines, an echo.

It is spoken to where the control interface falls short: what is changed here is told to the switch
or gateway that the phone is attached to, so it counts at once. An answer ends with the prompt,
which is learnt at the beginning, since operators may name their HLR as they like.
"""

import re
from collections.abc import Sequence

from .connection import Connection, Garbage

# Telnet's commands (RFC 854): negotiation of an option, sub-negotiation, and those of two bytes.
TELNET = re.compile(rb"\xff(?:[\xfb-\xfe].|\xfa.*?\xff\xf0|[\xf0-\xf9])", re.DOTALL)
FIRST_PROMPT = re.compile(rb"(?:^|[\r\n])([\w.-]+)> $")
PASSWORD = re.compile(rb"[Pp]assword: ?$")
LONGEST_ANSWER = 65536


class Vty:
    """One telnet connection, in its enable mode. Raises NetworkUnknown without a whole answer."""

    def __init__(self, host: str, port: int, timeout_s: float) -> None:
        self._connection = Connection(host, port, timeout_s, self._greeted)
        self._prompt = b""

    def run(self, commands: Sequence[str]) -> list[str]:
        """What each command says, without echo and prompt; most say nothing when all is well."""
        answers = []
        for command in commands:
            if not (command.isascii() and command.isprintable()) or "?" in command:
                raise ValueError(f"not to be sent: {command!r}")
            with self._connection.exchange():
                answers.append(self._say(command, self._prompt))
        return answers

    def close(self) -> None:
        """Ends the connection; the next command opens another."""
        self._connection.close()

    def _greeted(self, _: Connection) -> None:
        found = FIRST_PROMPT.search(self._until(FIRST_PROMPT))
        assert found is not None
        self._prompt = found[1] + b"# "
        self._say("enable", self._prompt)

    def _say(self, command: str, prompt: bytes) -> str:
        self._connection.send(command.encode("ascii") + b"\r\n")
        answer = self._until(re.compile(rb"(?:^|[\r\n])" + re.escape(prompt) + rb"$"))
        text = answer[: -len(prompt)].decode("ascii", "replace")
        echo, *said = text.replace("\r", "").split("\n")
        return "\n".join(said if echo.strip() == command else [echo, *said]).strip()

    def _until(self, end: re.Pattern[bytes]) -> bytes:
        """What comes until `end`, without telnet's commands."""
        raw = b""
        while True:
            raw += self._connection.receive()
            answer = TELNET.sub(b"", raw)
            if end.search(answer):
                return answer
            if PASSWORD.search(answer):
                raise Garbage("asks for a password, and Keepline has none")
            if len(raw) > LONGEST_ANSWER:
                raise Garbage("talks without an end")
