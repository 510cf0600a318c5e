"""Whether the stores' clocks agree with this machine's. Leases, deadlines and tokens rest on them."""

from roomd.doctor.lines import Line, ok, warn

GROUP = "clock"
MOST_APART_MS = 1_000.0


def clock_line(store: str, ahead_ms: float) -> Line:
    """`ahead_ms`: of ours."""
    if abs(ahead_ms) > MOST_APART_MS:
        found = f"{abs(ahead_ms) / 1_000:.1f} s {'ahead of' if ahead_ms > 0 else 'behind'} this machine's"
        return warn(GROUP, store, found, "Set both machines' clocks by NTP (`timedatectl set-ntp true`).")
    return ok(GROUP, store, f"agrees within {max(1.0, abs(ahead_ms)):.0f} ms")
