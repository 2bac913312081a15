# A compiled program has no file open that it has not opened, and one that takes all descriptors for itself keeps them.
# expect-compiled: taken, work, later
import os
import tempfile

from _support import repeat, show


def taken():
    found = []
    for fd in range(3, 64):
        try:
            os.fstat(fd)
        except OSError:
            continue
        found.append(fd)
    return found


def work(n):
    return sum(i * 2 for i in range(n)) + n


def later(n):
    return [str(i) for i in range(n)]


repeat(taken)
repeat(work, 5)
os.closerange(3, 256)
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "file")
    fds = [os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600) for _ in range(40)]
    repeat(later, 5)
    for fd in fds:
        os.close(fd)
    show(os.path.getsize(path))
