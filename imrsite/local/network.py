"""A worker on a network of its own, so that its connections can go silent without being closed.

The worker runs in a network namespace, a simulated host, and reaches PostgreSQL and Valkey by TCP over a virtual
cable. Packets vanish when both ends send them to a hardware address that nobody has: neither side sees a FIN, a reset
or an unreachable host. This needs root, and no more of the kernel than namespaces, and ends with the process that
holds the namespace.
"""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from imrsite.local.postgres import NetworkListener
from imrsite.local.processes import spawn, stop_process_now

_NOBODY_HAS = "02:00:00:00:00:99"
_HOSTS = range(2, 250)


class NoNamespace(Exception):
    """This machine lets us make no network namespace; says why."""


@dataclass(slots=True)
class WorkerNetwork:
    """A namespace with one address, which changes when the "host" is lost."""

    subnet: str
    cable: str
    holder: "subprocess.Popen[bytes]"
    host: int = _HOSTS.start

    @classmethod
    def create(cls, log: Path, *, place: int = 0) -> "WorkerNetwork":
        """Make the namespace and the cable, or raise :class:`NoNamespace`. Hosts of one run differ in ``place``."""
        number = (os.getpid() + place) % 250
        holder = spawn(["unshare", "--net", "sleep", "infinity"], log=log, dies_by="KILL")
        network = cls(f"10.213.{number}", f"imrsoak{number}", holder)
        try:
            network._wait_for_namespace()
            network._connect()
        except (OSError, subprocess.SubprocessError) as error:
            network.close()
            said = getattr(error, "stderr", None) or str(error)
            raise NoNamespace(" ".join(said.split())) from error
        return network

    @property
    def listener(self) -> NetworkListener:
        """Where PostgreSQL and Valkey listen for the worker."""
        return NetworkListener(f"{self.subnet}.1", f"{self.subnet}.0/24")

    @property
    def prefix(self) -> Sequence[str]:
        """Starts a program inside."""
        return ("nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "--")

    def reach(self, address: str) -> None:
        """Let the programs inside reach an address of this machine that belongs to the cable of another host."""
        self._ip("route", "add", f"{address}/32", "via", f"{self.subnet}.1", "dev", "inside", prefix=self.prefix)

    def silence(self) -> None:
        """Let every packet vanish, in both directions."""
        self._direct(_NOBODY_HAS, _NOBODY_HAS)

    def restore(self) -> None:
        """Deliver packets again."""
        self._direct(self._hardware(()), self._hardware(self.prefix))

    def move(self) -> None:
        """After :meth:`silence`: a host with another address takes over; packets to the old one vanish for good."""
        old, self.host = self._inside, self.host + 1 if self.host + 1 in _HOSTS else _HOSTS.start
        # In this order: with the first address of a device, the kernel removes the others of its network.
        self._ip("addr", "del", f"{old}/24", "dev", "inside", prefix=self.prefix)
        self._ip("addr", "add", f"{self._inside}/24", "dev", "inside", prefix=self.prefix)
        self.restore()

    def close(self) -> None:
        """End the namespace, and its cable with it."""
        stop_process_now(self.holder)

    @property
    def _inside(self) -> str:
        return f"{self.subnet}.{self.host}"

    def _wait_for_namespace(self) -> None:
        """The holder is in a namespace of its own once its link differs from ours."""
        ours = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.holder.pid}/ns/net") == ours:
            if self.holder.poll() is not None:
                raise OSError("no network namespace can be made: this needs root, or CAP_SYS_ADMIN and CAP_NET_ADMIN")

    def _connect(self) -> None:
        self._ip("link", "add", self.cable, "type", "veth", "peer", "name", "inside", "netns", str(self.holder.pid))
        self._ip("addr", "add", f"{self.subnet}.1/24", "dev", self.cable)
        self._ip("link", "set", self.cable, "up")
        for words in (
            ("link", "set", "lo", "up"),
            ("addr", "add", f"{self._inside}/24", "dev", "inside"),
            ("link", "set", "inside", "up"),
        ):
            self._ip(*words, prefix=self.prefix)

    def _direct(self, outside: str, inside: str) -> None:
        """Set the hardware address to which each end sends packets for the other."""
        permanent = ("nud", "permanent")
        self._ip("neigh", "replace", self._inside, "lladdr", inside, "dev", self.cable, *permanent)
        server = f"{self.subnet}.1"
        self._ip("neigh", "replace", server, "lladdr", outside, "dev", "inside", *permanent, prefix=self.prefix)

    def _hardware(self, prefix: Sequence[str]) -> str:
        name = "inside" if prefix else self.cable
        said = self._ip("-brief", "link", "show", name, prefix=prefix)
        return said.split()[2]

    def _ip(self, *words: str, prefix: Sequence[str] = ()) -> str:
        command = [*prefix, "ip", *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
