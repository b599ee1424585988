"""What an executor says of what it uses."""

from pathlib import Path

import pytest

from sterna_executor.tasks.usage import Usage, UsageMeter


class Machine:
    """A machine of four cores with one link of 1 Gbit/s, as Linux shows it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.now = 100.0
        self.cpu = 5.0
        (root / "proc/self").mkdir(parents=True)
        (root / "proc/net").mkdir()
        (root / "proc/self/statm").write_text("100000 25600 0 0 0 0 0\n")
        (root / "proc/meminfo").write_text("MemTotal:  1024000 kB\nMemFree: 1 kB\n")
        for name, speed in (("lo", "10000"), ("eth0", "1000"), ("down0", "-1")):
            (root / "sys/class/net" / name).mkdir(parents=True)
            (root / "sys/class/net" / name / "speed").write_text(speed + "\n")
        self.carry(0, 0)

    def carry(self, received: int, sent: int) -> None:
        figures = f"{received} 0 0 0 0 0 0 0 {sent} 0 0 0 0 0 0 0"
        links = [f"  {name}: {figures}" for name in ("lo", "eth0", "down0")]
        lines = ["Inter-| Receive | Transmit", " face |bytes", *links]
        (self.root / "proc/net/dev").write_text("\n".join(lines) + "\n")

    def meter(self) -> UsageMeter:
        return UsageMeter(
            root=self.root, cpu_seconds=lambda: self.cpu, seconds=lambda: self.now, cores=4
        )


def test_usage_is_what_was_used_since_the_last_look_of_all_there_is(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    meter = machine.meter()
    machine.now += 2.0
    machine.cpu += 4.0
    machine.carry(125_000_000, 25_000_000)

    usage = meter.read()

    assert usage.cpu_percent == pytest.approx(50.0)
    assert usage.network_percent == pytest.approx(50.0)
    assert usage.memory_percent is not None
    assert 9.0 <= usage.memory_percent <= 41.0
    machine.now += 1.0
    assert meter.read().cpu_percent == pytest.approx(0.0)


def test_what_a_machine_does_not_say_is_none_and_not_invented(tmp_path: Path) -> None:
    now = iter((1.0, 2.0))
    meter = UsageMeter(root=tmp_path, cpu_seconds=lambda: 0.0, seconds=lambda: next(now), cores=1)

    assert meter.read() == Usage(0.0, None, None)


def test_the_usage_of_this_process_can_be_read() -> None:
    usage = UsageMeter().read()

    assert usage.memory_percent is not None
    assert 0 < usage.memory_percent <= 100
