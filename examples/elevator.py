"""An office tower with lifts, simulated minute by minute.

Classes as people write them: inheritance and super(), slots, properties, class
and static methods, operators, exceptions used for control, match statements.
"""

import sys
from enum import Enum

FLOORS = 24


class Direction(Enum):
    DOWN = -1
    IDLE = 0
    UP = 1

    @classmethod
    def between(cls, here, there):
        if there == here:
            return cls.IDLE
        return cls.UP if there > here else cls.DOWN


class LiftError(Exception):
    """Something a lift will not do."""


class LiftFull(LiftError):
    def __init__(self, lift):
        super().__init__(f"{lift.name} is full with {len(lift)} on board")
        self.lift = lift


class OutOfOrder(LiftError):
    """Somebody is repairing it."""


class NoParcels(LiftError):
    """It carries people with empty hands only."""


class Minutes:
    """A length of time that adds and compares."""

    __slots__ = ("value",)

    def __init__(self, value=0):
        self.value = value

    def __add__(self, other):
        if isinstance(other, Minutes):
            return Minutes(self.value + other.value)
        return NotImplemented

    def __radd__(self, other):
        return self if other == 0 else NotImplemented

    def __lt__(self, other):
        return self.value < other.value

    def __eq__(self, other):
        return isinstance(other, Minutes) and self.value == other.value

    def __hash__(self):
        return hash(self.value)

    def __bool__(self):
        return self.value != 0

    def __str__(self):
        hours, minutes = divmod(self.value, 60)
        return f"{hours}:{minutes:02}"


class Person:
    """Somebody who wants from one floor to another."""

    __slots__ = ("arrived", "boarded", "goal", "left", "start")
    patience = 40

    def __init__(self, start, goal, now):
        self.start = start
        self.goal = goal
        self.arrived = now
        self.boarded = None
        self.left = None

    @property
    def direction(self):
        return Direction.between(self.start, self.goal)

    @property
    def waited(self):
        return Minutes(self.boarded - self.arrived)

    @property
    def travelled(self):
        return Minutes(self.left - self.boarded)

    @property
    def weight(self):
        return 1

    def gives_up(self, now):
        return now - self.arrived > self.patience


class Courier(Person):
    """Takes twice the room and waits longer."""

    __slots__ = ("parcels",)
    patience = 90

    def __init__(self, start, goal, now, parcels):
        super().__init__(start, goal, now)
        self.parcels = parcels

    @property
    def weight(self):
        return super().weight + self.parcels


class Lift:
    capacity = 10
    stride = 1

    def __init__(self, name, floor=0):
        self.name = name
        self.floor = floor
        self.direction = Direction.IDLE
        self.riders = []
        self.distance = 0
        self._repair = 0

    def __len__(self):
        return len(self.riders)

    def __contains__(self, person):
        return person in self.riders

    def __iter__(self):
        return iter(self.riders)

    def __repr__(self):
        return f"<{type(self).__name__} {self.name} at {self.floor} {self.direction.name}>"

    @property
    def load(self):
        total = 0
        for rider in self.riders:
            total += rider.weight
        return total

    @property
    def repair(self):
        return self._repair

    @repair.setter
    def repair(self, minutes):
        if minutes < 0:
            raise ValueError("a repair cannot take negative time")
        self._repair = minutes

    def board(self, person, now):
        if self._repair:
            raise OutOfOrder(self.name)
        if self.load + person.weight > self.capacity:
            raise LiftFull(self)
        person.boarded = now
        self.riders.append(person)

    def unload(self, now):
        out = []
        keep = []
        for rider in self.riders:
            if rider.goal == self.floor:
                rider.left = now
                out.append(rider)
            else:
                keep.append(rider)
        self.riders = keep
        return out

    def serves(self, floor):
        return 0 <= floor < FLOORS

    def wants(self, building):
        """Does anything lie further on in the present direction?"""
        step = self.direction.value * self.stride
        for rider in self.riders:
            if (rider.goal - self.floor) * step > 0:
                return True
        floor = self.floor + step
        while self.serves(floor):
            if building.queues[floor]:
                return True
            floor += step
        return False

    def choose(self, building):
        match self.direction:
            case Direction.IDLE:
                target = building.nearest_call(self)
                if self.riders:
                    target = self.riders[0].goal
                if target is not None:
                    self.direction = Direction.between(self.floor, target)
            case Direction.UP | Direction.DOWN if not self.wants(building):
                self.direction = Direction.IDLE

    def move(self, building):
        if self._repair:
            self.repair -= 1
            return
        self.choose(building)
        step = self.direction.value * self.stride
        if step and self.serves(self.floor + step):
            self.floor += step
            self.distance += self.stride
        elif step:
            self.direction = Direction.IDLE


class ExpressLift(Lift):
    """Knows only every second floor, and takes no parcels."""

    capacity = 16
    stride = 2

    def serves(self, floor):
        return super().serves(floor) and floor % 2 == 0

    def board(self, person, now):
        if isinstance(person, Courier):
            raise NoParcels(self.name)
        super().board(person, now)


class Building:
    def __init__(self, lifts, seed):
        self.lifts = lifts
        self.queues = [[] for _ in range(FLOORS)]
        self.served = []
        self.walked = 0
        self.refused = {"LiftFull": 0, "OutOfOrder": 0, "NoParcels": 0}
        self._state = seed

    @staticmethod
    def rush(now):
        """How many people come in a minute, by the time of day."""
        match now % 480 // 60:
            case 0 | 7:
                return 3
            case 3 | 4:
                return 2
            case _:
                return 1

    def random(self, limit):
        self._state = (self._state * 1664525 + 1013904223) & 0xFFFFFFFF
        return (self._state >> 10) % limit

    def new_person(self, now):
        start = 0 if self.random(3) == 0 else self.random(FLOORS)
        goal = self.random(FLOORS)
        while goal == start:
            goal = self.random(FLOORS)
        if self.random(7) == 0:
            return Courier(start, goal, now, parcels=1 + self.random(2))
        return Person(start, goal, now)

    def nearest_call(self, lift):
        best = None
        for floor, queue in enumerate(self.queues):
            if not queue or not lift.serves(floor):
                continue
            if best is None or abs(floor - lift.floor) < abs(best - lift.floor):
                best = floor
        return best

    def let_in(self, lift, now):
        waiting = []
        for person in self.queues[lift.floor]:
            if not lift.serves(person.goal):
                waiting.append(person)
                continue
            if lift.direction is not Direction.IDLE and lift.direction is not person.direction:
                waiting.append(person)
                continue
            try:
                lift.board(person, now)
            except LiftError as error:
                self.refused[type(error).__name__] += 1
                waiting.append(person)
        self.queues[lift.floor] = waiting

    def leave_by_stairs(self, now):
        for floor, queue in enumerate(self.queues):
            if queue:
                staying = [person for person in queue if not person.gives_up(now)]
                self.walked += len(queue) - len(staying)
                self.queues[floor] = staying

    def minute(self, now):
        for _ in range(self.rush(now)):
            person = self.new_person(now)
            self.queues[person.start].append(person)
        for lift in self.lifts:
            if self.random(700) == 0:
                lift.repair = 15
            self.served += lift.unload(now)
            self.let_in(lift, now)
            lift.move(self)
        self.leave_by_stairs(now)

    def __len__(self):
        return sum(map(len, self.queues)) + sum(map(len, self.lifts))


def main(n):
    lifts = [
        Lift("A"),
        Lift("B", floor=12),
        ExpressLift("X"),
        ExpressLift("Y", floor=22),
    ]
    building = Building(lifts, seed=7)
    for now in range(n):
        building.minute(now)

    served = building.served
    print(f"served: {len(served)}, took the stairs: {building.walked}, still here: {len(building)}")
    print(f"couriers served: {sum(isinstance(person, Courier) for person in served)}")
    print(f"refused: {building.refused}")
    print(f"waited in all {sum(person.waited for person in served)}")
    print(f"on the way in all {sum(person.travelled for person in served)}")
    print(f"longest wait {max((person.waited for person in served), default=Minutes())}")
    for lift in lifts:
        print(f"{lift!r}: {lift.distance} floors, {len(lift)} on board")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 120_000)
