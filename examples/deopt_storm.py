"""Smooths the readings of sensors and counts alarms, with a flight recorder for bug reports.

This one has a fault, on purpose: a deopt storm. The recorder helps itself to the local
variables of the loop that it watches. Each time, the compiled loop has to leave its machine
code, because whoever is given the variables could change them, and goes on in the
interpreter. `docs/inspector.md` finds that out with rjit-inspect.

    python examples/deopt_storm.py SIZE          # with the storm
    python examples/deopt_storm.py SIZE fixed    # the loop hands the recorder what it wants
"""

import sys

SENSORS = 64
READINGS = 5_000
LIMIT = 60.0


class Source:
    """A linear congruential generator: the same readings on every machine."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 1103515245 + 12345) % 2147483648
        return (self.state >> 8) % limit


class Reading:
    """What a sensor has sent."""

    def __init__(self, sensor, value):
        self.sensor = sensor
        self.value = value


class Recorder:
    """Keeps the last levels in a ring."""

    def __init__(self, size):
        self.ring = [0.0] * size
        self.next = 0

    def keep(self, level):
        self.ring[self.next] = level
        self.next = (self.next + 1) % len(self.ring)

    def look(self):
        """Finds the level among the caller's local variables: no caller has to be changed."""
        self.keep(sys._getframe(1).f_locals["level"])


def readings_of(source, count):
    readings = []
    for _ in range(count):
        readings.append(Reading(source.below(SENSORS), 20.0 + source.below(500) / 10))
    return readings


def smooth(level, reading):
    return level + (reading.value - level) * 0.25


def watch(readings, recorder, ticks, fixed):
    """Takes a reading each tick."""
    levels = [40.0] * SENSORS
    alarms = 0
    for tick in range(ticks):
        reading = readings[tick % len(readings)]
        level = smooth(levels[reading.sensor], reading)
        levels[reading.sensor] = level
        if level > LIMIT:
            alarms += 1
        if fixed:
            recorder.keep(level)
        else:
            recorder.look()
    return levels, alarms


def main(ticks, fixed=False):
    recorder = Recorder(100)
    levels, alarms = watch(readings_of(Source(7), READINGS), recorder, ticks, fixed)
    print(f"readings: {ticks}, alarms: {alarms}")
    print(f"highest level: {max(levels):.6f}, lowest: {min(levels):.6f}")
    print(f"mean level: {sum(levels) / SENSORS:.6f}")
    print(f"mean of the last {len(recorder.ring)}: {sum(recorder.ring) / len(recorder.ring):.6f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3_000_000, sys.argv[2:] == ["fixed"])
