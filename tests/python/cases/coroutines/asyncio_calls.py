# Compiled functions called from coroutines, and coroutines started from compiled functions; frames seen in between.
# expect-compiled: work, start
# expect-refusals: coroutine
import asyncio

from _support import attempt, repeat


def work(x):
    total = 0
    for i in range(20):
        total += i * x
    return total


def start(n):
    return asyncio.run(main(n))


class Manager:
    async def __aenter__(self):
        await asyncio.sleep(0)
        return "entered"

    async def __aexit__(self, kind, value, tb):
        await asyncio.sleep(0)
        return kind is ValueError


async def agen(n):
    for i in range(n):
        await asyncio.sleep(0)
        yield work(i)


async def step(n):
    await asyncio.sleep(0)
    if n == 13:
        raise KeyError(work(n))
    return work(n)


async def main(n):
    out = [await step(n), work(n)]
    async for value in agen(4):
        out.append(value)
    async with Manager() as name:
        out.append(name)
        raise ValueError("suppressed")
    out += [x async for x in agen(3) if x]
    out += await asyncio.gather(*[step(i) for i in range(5)], return_exceptions=True)
    task = asyncio.create_task(step(n))
    out.append(await task)
    return out


class Awaitable:
    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return work(2)


async def odd():
    return await Awaitable(), await five()


def five():
    return 5


def send_by_hand(coroutine):
    steps = 0
    while True:
        try:
            coroutine.send(None)
            steps += 1
        except StopIteration as stop:
            return steps, stop.value


async def two_waits():
    class Twice:
        def __await__(self):
            yield
            yield
            return "twice"

    return await Twice()


repeat(work, 3)
repeat(start, 2, times=8)
attempt(start, 13)
attempt(asyncio.run, odd())
repeat(lambda: send_by_hand(two_waits()))
