"""An incremental solver for hierarchies of one-way constraints.

Class hierarchies with abstract methods, lists of objects, deep chains of small
calls. Two well-known exercises: a value that travels along a chain of equal
variables, and a projection changed at its input, output, factor and offset.
"""

import sys
from abc import ABC, abstractmethod
from functools import total_ordering
from itertools import pairwise

SIZE = 2_000


@total_ordering
class Strength:
    """How much a constraint matters; required is the greatest of them."""

    def __init__(self, rank, name):
        self.rank = rank
        self.name = name

    def __eq__(self, other):
        return self.rank == other.rank

    def __lt__(self, other):
        return self.rank < other.rank

    __hash__ = None

    def __repr__(self):
        return self.name


WEAKEST = Strength(0, "weakest")
DEFAULT = Strength(1, "default")
STRONG_DEFAULT = Strength(2, "strong default")
NORMAL = Strength(3, "normal")
PREFERRED = Strength(4, "preferred")
REQUIRED = Strength(6, "required")


class SolverError(Exception):
    """The required constraints contradict each other, or form a circle."""


class Variable:
    def __init__(self, name, value=0):
        self.name = name
        self.value = value
        self.constraints = []
        self.decided_by = None
        self.mark = 0
        self.strength = WEAKEST
        self.constant = True

    def __repr__(self):
        return f"{self.name}={self.value}"


class Constraint(ABC):
    """A relation that the solver keeps by computing one variable from the others."""

    def __init__(self, planner, strength):
        self.planner = planner
        self.strength = strength

    @property
    def is_input(self):
        """Does its value come from outside?"""
        return False

    @abstractmethod
    def variables(self): ...

    @abstractmethod
    def satisfied(self): ...

    @abstractmethod
    def choose(self, mark):
        """Decide which variable to compute, if that is worth it."""

    @abstractmethod
    def release(self):
        """Stop computing anything."""

    @abstractmethod
    def output(self): ...

    @abstractmethod
    def inputs(self): ...

    @abstractmethod
    def execute(self): ...

    @abstractmethod
    def recalculate(self):
        """Tell the output variable how strongly it is now decided, and its value."""

    def add(self):
        for variable in self.variables():
            variable.constraints.append(self)
        self.release()
        self.planner.add(self)

    def detach(self):
        for variable in self.variables():
            variable.constraints.remove(self)

    def destroy(self):
        if self.satisfied():
            self.planner.remove(self)
        else:
            self.detach()

    def satisfy(self, mark):
        """Try to enforce it; returns the constraint that had to give way, if any."""
        self.choose(mark)
        if not self.satisfied():
            if self.strength == REQUIRED:
                raise SolverError("a required constraint cannot be satisfied")
            return None
        for variable in self.inputs():
            variable.mark = mark
        output = self.output()
        overridden = output.decided_by
        if overridden is not None:
            overridden.release()
        output.decided_by = self
        if not self.planner.propagate(self, mark):
            raise SolverError("the constraints form a circle")
        output.mark = mark
        return overridden

    def inputs_known(self, mark):
        for variable in self.inputs():
            if not (variable.mark == mark or variable.constant or variable.decided_by is None):
                return False
        return True


class UnaryConstraint(Constraint):
    def __init__(self, planner, variable, strength):
        super().__init__(planner, strength)
        self.variable = variable
        self.active = False
        self.add()

    def variables(self):
        return [self.variable]

    def satisfied(self):
        return self.active

    def choose(self, mark):
        self.active = self.variable.mark != mark and self.strength > self.variable.strength

    def release(self):
        self.active = False

    def output(self):
        return self.variable

    def inputs(self):
        return []

    def execute(self):
        pass

    def recalculate(self):
        variable = self.variable
        variable.strength = self.strength
        variable.constant = not self.is_input
        if variable.constant:
            self.execute()


class Stay(UnaryConstraint):
    """The variable keeps its value."""


class Edit(UnaryConstraint):
    """The program sets the variable from outside."""

    @property
    def is_input(self):
        return True


class BinaryConstraint(Constraint):
    """Relates two variables; either can be computed from the other."""

    def __init__(self, planner, first, second, strength):
        super().__init__(planner, strength)
        self.first = first
        self.second = second
        self.source = None
        self.target = None
        self.add()

    def variables(self):
        return [self.first, self.second]

    def satisfied(self):
        return self.target is not None

    def point(self, source, target):
        self.source = source
        self.target = target

    def choose(self, mark):
        first, second = self.first, self.second
        if first.mark == mark:
            free = second.mark != mark and self.strength > second.strength
            self.point(first, second) if free else self.release()
        elif second.mark == mark or first.strength < second.strength:
            free = self.strength > first.strength
            self.point(second, first) if free else self.release()
        else:
            free = self.strength > second.strength
            self.point(first, second) if free else self.release()

    def release(self):
        self.source = self.target = None

    def output(self):
        return self.target

    def inputs(self):
        return [self.source]

    def recalculate(self):
        source, target = self.source, self.target
        target.strength = min(self.strength, source.strength)
        target.constant = source.constant
        if target.constant:
            self.execute()


class Equal(BinaryConstraint):
    def execute(self):
        self.target.value = self.source.value


class Scale(BinaryConstraint):
    """second = first * factor + offset, where factor and offset are variables too."""

    def __init__(self, planner, first, factor, offset, second, strength):
        self.factor = factor
        self.offset = offset
        super().__init__(planner, first, second, strength)

    def variables(self):
        return [*super().variables(), self.factor, self.offset]

    def inputs(self):
        return [self.source, self.factor, self.offset]

    def execute(self):
        if self.target is self.second:
            self.second.value = self.first.value * self.factor.value + self.offset.value
        else:
            self.first.value = (self.second.value - self.offset.value) // self.factor.value

    def recalculate(self):
        target = self.target
        target.strength = min(self.strength, self.source.strength)
        target.constant = all(variable.constant for variable in self.inputs())
        if target.constant:
            self.execute()


class Plan(list):
    """Constraints in an order in which executing them once solves everything."""

    def execute(self):
        for constraint in self:
            constraint.execute()


class Planner:
    def __init__(self):
        self.last_mark = 0

    def new_mark(self):
        self.last_mark += 1
        return self.last_mark

    def add(self, constraint):
        mark = self.new_mark()
        overridden = constraint.satisfy(mark)
        while overridden is not None:
            overridden = overridden.satisfy(mark)

    def remove(self, constraint):
        output = constraint.output()
        constraint.release()
        constraint.detach()
        unsatisfied = self.forget(output)
        unsatisfied.sort(key=lambda c: c.strength, reverse=True)
        for other in unsatisfied:
            self.add(other)

    def propagate(self, constraint, mark):
        """Recalculate everything downstream; False if that leads back to the start."""
        todo = [constraint]
        while todo:
            current = todo.pop()
            if current.output().mark == mark:
                self.remove(constraint)
                return False
            current.recalculate()
            todo += self.consumers(current.output())
        return True

    def forget(self, variable):
        """Undo what followed from a variable; returns the constraints to try again."""
        variable.decided_by = None
        variable.strength = WEAKEST
        variable.constant = True
        unsatisfied = []
        todo = [variable]
        while todo:
            current = todo.pop()
            for constraint in current.constraints:
                if not constraint.satisfied():
                    unsatisfied.append(constraint)
            for constraint in self.consumers(current):
                constraint.recalculate()
                todo.append(constraint.output())
        return unsatisfied

    @staticmethod
    def consumers(variable):
        decider = variable.decided_by
        return [c for c in variable.constraints if c is not decider and c.satisfied()]

    def plan(self, edits):
        """The plan for changes that come in through the given constraints."""
        todo = [c for c in edits if c.is_input and c.satisfied()]
        mark = self.new_mark()
        plan = Plan()
        while todo:
            constraint = todo.pop()
            output = constraint.output()
            if output.mark != mark and constraint.inputs_known(mark):
                plan.append(constraint)
                output.mark = mark
                todo += self.consumers(output)
        return plan


def chain(n):
    """Send values through n equalities; returns the sum of what comes out."""
    planner = Planner()
    variables = [Variable(f"v{i}") for i in range(n + 1)]
    for left, right in pairwise(variables):
        Equal(planner, left, right, REQUIRED)
    first, last = variables[0], variables[-1]
    Stay(planner, last, STRONG_DEFAULT)
    edit = Edit(planner, first, PREFERRED)
    plan = planner.plan([edit])
    total = 0
    for value in range(100):
        first.value = value
        plan.execute()
        if last.value != value:
            raise AssertionError(f"the chain gave {last.value} for {value}")
        total += last.value
    edit.destroy()
    return total


def change(planner, variable, value):
    edit = Edit(planner, variable, PREFERRED)
    plan = planner.plan([edit])
    for _ in range(10):
        variable.value = value
        plan.execute()
    edit.destroy()


def projection(n):
    """Map n values through one scale; returns checksums after each change."""
    planner = Planner()
    factor = Variable("factor", 10)
    offset = Variable("offset", 1000)
    sources = []
    targets = []
    for i in range(n):
        source = Variable(f"source{i}", i)
        target = Variable(f"target{i}", i)
        sources.append(source)
        targets.append(target)
        Stay(planner, source, NORMAL)
        Scale(planner, source, factor, offset, target, REQUIRED)

    results = []
    change(planner, sources[0], 17)
    results.append(targets[0].value)
    change(planner, targets[0], 1050)
    results.append(sources[0].value)
    change(planner, factor, 5)
    results.append(sum(target.value for target in targets))
    change(planner, offset, 2000)
    results.append(sum(target.value for target in targets))
    return results


def conflict():
    """Two required equalities with an edit at each end cannot both hold."""
    planner = Planner()
    a, b = Variable("a", 1), Variable("b", 2)
    Edit(planner, a, REQUIRED)
    Edit(planner, b, REQUIRED)
    try:
        Equal(planner, a, b, REQUIRED)
    except SolverError as error:
        return str(error)
    return f"no conflict between {a!r} and {b!r}"


def main(n):
    chained = 0
    projected = [0, 0, 0, 0]
    for _ in range(n):
        chained += chain(SIZE)
        projected = [a + b for a, b in zip(projected, projection(SIZE), strict=True)]
    print(f"rounds: {n}")
    print(f"chain of {SIZE}: {chained}")
    print(f"projection of {SIZE}: {projected}")
    print(f"conflict: {conflict()}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
