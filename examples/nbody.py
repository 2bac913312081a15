"""The Sun and its giant planets, moved step by step by their own gravity.

Float arithmetic on instance attributes in nested loops. The total energy is
printed before and after: a good integrator nearly keeps it.
"""

import sys
from math import pi, sqrt

SOLAR_MASS = 4 * pi * pi
DAYS_PER_YEAR = 365.24
TIME_STEP = 0.01


class Body:
    """A point mass; units are the Sun's mass / 4 pi^2, astronomical units, years."""

    def __init__(self, name, position, velocity, mass):
        self.name = name
        self.x, self.y, self.z = position
        self.vx, self.vy, self.vz = (v * DAYS_PER_YEAR for v in velocity)
        self.mass = mass * SOLAR_MASS

    def kinetic_energy(self):
        return 0.5 * self.mass * (self.vx**2 + self.vy**2 + self.vz**2)

    def distance(self, other):
        return sqrt((self.x - other.x) ** 2 + (self.y - other.y) ** 2 + (self.z - other.z) ** 2)

    def drift(self, dt):
        self.x += dt * self.vx
        self.y += dt * self.vy
        self.z += dt * self.vz


def solar_system():
    return [
        Body("Sun", (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 1.0),
        Body(
            "Jupiter",
            (4.84143144246472090, -1.16032004402742839, -0.103622044471123109),
            (0.00166007664274403694, 0.00769901118419740425, -0.0000690460016972063023),
            9.54791938424326609e-04,
        ),
        Body(
            "Saturn",
            (8.34336671824457987, 4.12479856412430479, -0.403523417114321381),
            (-0.00276742510726411021, 0.00499852801234917238, 0.0000230417297573763929),
            2.85885980666130812e-04,
        ),
        Body(
            "Uranus",
            (12.8943695621391310, -15.1111514016986312, -0.223307578892655734),
            (0.00296460137564761618, 0.00237847173959480950, -0.0000296589568540237556),
            4.36624404335156298e-05,
        ),
        Body(
            "Neptune",
            (15.3796971148509165, -25.9193146099879641, 0.179258772950371181),
            (0.00268067772490389322, 0.00162824170038242295, -0.0000951592254519715870),
            5.15138902046611451e-05,
        ),
    ]


def pull(a, b, dt):
    """Let two bodies change each other's velocity."""
    dx = a.x - b.x
    dy = a.y - b.y
    dz = a.z - b.z
    squared = dx * dx + dy * dy + dz * dz
    strength = dt / (squared * sqrt(squared))
    on_a = b.mass * strength
    on_b = a.mass * strength
    a.vx -= dx * on_a
    a.vy -= dy * on_a
    a.vz -= dz * on_a
    b.vx += dx * on_b
    b.vy += dy * on_b
    b.vz += dz * on_b


def advance(bodies, pairs, steps, dt):
    for _ in range(steps):
        for a, b in pairs:
            pull(a, b, dt)
        for body in bodies:
            body.drift(dt)


def energy(bodies, pairs):
    total = 0.0
    for body in bodies:
        total += body.kinetic_energy()
    for a, b in pairs:
        total -= a.mass * b.mass / a.distance(b)
    return total


def rest(bodies):
    """Give the Sun the velocity that leaves the whole system at rest."""
    sun = bodies[0]
    sun.vx = -sum(body.vx * body.mass for body in bodies) / sun.mass
    sun.vy = -sum(body.vy * body.mass for body in bodies) / sun.mass
    sun.vz = -sum(body.vz * body.mass for body in bodies) / sun.mass


def main(n):
    bodies = solar_system()
    pairs = [(a, b) for i, a in enumerate(bodies) for b in bodies[i + 1 :]]
    rest(bodies)
    print(f"energy before: {energy(bodies, pairs):.12f}")
    advance(bodies, pairs, n, TIME_STEP)
    print(f"energy after:  {energy(bodies, pairs):.12f}")
    for body in bodies:
        print(f"{body.name:<8}{body.x:16.9f}{body.y:16.9f}{body.z:16.9f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 800_000)
