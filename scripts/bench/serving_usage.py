"""What the processes use: processor time and memory, from /proc (elsewhere than on Linux: nothing)."""

import os
from contextlib import suppress
from pathlib import Path

TICKS_S = os.sysconf("SC_CLK_TCK")


def list_tree(process: int) -> list[int]:
    """A process and all that it started."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            children.setdefault(int(_fields(path)[1]), []).append(int(path.parent.name))
    found = [process]
    for one in found:
        found.extend(children.get(one, ()))
    return found


def cpu_seconds(process: int) -> float:
    """Processor time of a process, of all that it started, and of those that have ended since."""
    total = 0.0
    for one in list_tree(process):
        with suppress(OSError):
            total += sum(map(int, _fields(Path(f"/proc/{one}/stat"))[11:15])) / TICKS_S
    return total


def forget_peak(process: int) -> None:
    """Let the peak memory of a process and of all that it started be counted from now."""
    for one in list_tree(process):
        with suppress(OSError):
            Path(f"/proc/{one}/clear_refs").write_text("5", encoding="ascii")


def peak_mb(process: int) -> float:
    """The most memory that the largest process of a tree has held: the worker, not what watches it."""
    peaks = [0.0]
    for one in list_tree(process):
        with suppress(OSError, IndexError):  # what is ending has no memory any more
            text = Path(f"/proc/{one}/status").read_text(encoding="utf-8", errors="replace")
            peaks.append(int(text.partition("VmHWM:")[2].split()[0]) / 1024)
    return max(peaks)


def parent_of(process: int) -> int:
    """Who started a process; 0 when it is not on this machine."""
    try:
        return int(_fields(Path(f"/proc/{process}/stat"))[1])
    except OSError:
        return 0


def machine() -> str:
    """The processor and the memory."""
    model, memory = "unknown processor", ""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
        memory = f", {int(Path('/proc/meminfo').read_text(encoding='ascii').split()[1]) / 1e6:.0f} GB"
    return f"{model}, {os.cpu_count()} cores{memory}"


def _fields(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
