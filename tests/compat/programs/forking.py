"""Compiles a function, then forks a child that goes on running it, until standard input ends."""

import os
import sys

from witness import ready


def spin(limit):
    count = 0
    for i in range(limit):
        count += i
    return count


def child(done):
    spin(1000)
    os.write(done, b"x")
    sys.stdin.read()


def main():
    for _ in range(20):
        spin(1000)
    ended, done = os.pipe()
    pid = os.fork()
    if pid == 0:
        child(done)
        os._exit(0)
    os.read(ended, 1)
    ready(child=pid)
    sys.stdin.read()
    os.waitpid(pid, 0)
    print("ended")


if __name__ == "__main__":
    main()
