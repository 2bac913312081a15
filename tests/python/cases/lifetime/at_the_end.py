"""Code that becomes hot while the interpreter ends, when there are no modules any more."""

from contextvars import ContextVar


class Last:
    def __del__(self):
        def late(number):
            return number + 1

        total = 0
        for number in range(30):
            total += late(number)


# The context lives longer than the modules.
ContextVar("last").set(Last())
print("ends")
