# Found with seed 500709 in mode eager: the C stack was full, as loops took over frames although little of it was left.

import builtins
import sys
from fuzz.support import *
originals = dict(vars(builtins))
STEP = 0
def decorate(func):
    def down(self):
        return self.func(self.depth, 1)
G0 = '%s-%s' % (9223372036854775808, '%')
G1 = (3 ** 3 % 1000003)
def f0(a):
    s = 10
    try:
        try:
            u = (t := exp(-1))
            raise Fail(STEP)
        except* Fail as err:
            out(err)
            raise err.exceptions[0] from None
        else:
                a
    except BaseExceptionGroup as err:
            try:
                [p, a_] = [STEP, sum([G1 for i in range(6)])]
            except* (TypeError, KeyError) as err:
                out(err)
                (s).x = str(False)[:12]
def f1(a):
    s = G1
    t = float("inf")
    return next(iter([(t ** 2)]))
def f2(a):
    t = Bag(x=1, y=2.5)
    for i in Iter(1, -1):
        b = {'a': -2.25, 1: (-0.0 * i)}[1.0]
        try:
            c = ((id([1, 2, 3]) * 0) >> (9223372036854775808 & 63))
            for k in range(4):
                if {'a': i, 1: i}[1] >= (Meddler(1, 'look') - k):
                    return Bag(x=1, y=2.5)
        except TypeError:
            try:
                s: int = (10 ** -1 % 1000003)
                try:
                    _ = [(i * G1) for _ in (1, 2, 3)]
                except Exception as error:
                    out(error)
                u += (lambda q=1, /, *r: [True, 2, 3])(7)
            except* Fail:
                assert None or STEP != 11, G0
                c = ([s])[0]
                if STEP % 3 == 2:
                    raise ExceptionGroup('g', [Fail(1), ZeroDivisionError(STEP)])
            except* ZeroDivisionError as err:
                out(err)
                b = float(({'x': 3, 'y': 4, 'hello': 0}).get('\u4e2d', s))
            except* Fail:
                s = d = (-(-s))
        finally:
            if f0(a=f1(a)) is 'x y':
                if STEP == 6:
                    del (t).x
                s = Meddler(7, 'poke')
            s |= (((1, 2))[0] + (i - G1))
        f1(Bag(x=1, y=2.5))
    def g(p, q=1.5):
        nonlocal s
        for j in range(3):
            (s,) = (f1(**{'a': {'a': 1, 'b': 2}}),)
            out((b'' + bytearray(b'q'))[:9], f0(j, oops=1))
        match set(a):
            case 0 | 1 | 'b':
                (a)[0] = (f1(u) ** 3 % 1000003)
            case int(m1):
                assert 'hello' or STEP != 5, (b_ := G0)
        if isinstance(({'a', 'b'} if (not {}) else {'a', 'b'}), float) is not None:
            if STEP % 5 == 2:
                raise Fail(G0)
        return (~int(q))
    s = g((4294967296 % i))
    s = g((+True))
    try:
        for k in range(5):
            a = f0(('hello').title())
            match [(None,)][0]:
                case [_, *m1] if sorted(a, key=R):
                    if STEP == 7:
                        i = (b'xyz' + b'xyz')[:9]
                case [1, _]:
                    d = sum([float(s) for i in range(4)], 0.5)
        u = next(iter([[]]))
        try:
            c = (100.0 / (k ^ i))
            d = (type(Bag(x=1, y=2.5)).__name__ * 1)[:12]
        except ValueError as err:
            if (c := sum((2 for i in range(5)))) == 5:
                f, (k, c) = (i ** -1 % 1000003), (f, STEP)
            raise
    except (TypeError, KeyError):
        a[-1:2] = a[2:1]
        del a[9:]
        for k in [5, 3, -1, 4]:
            def g(p, q=1.5):
                if STEP % 5 == 1 or (frozenset((1, 2)) | {1, 2, 3}):
                    raise KeyError((G1 // 5))
                return (~(p ** 0 % 1000003))
                d = ({**{'x': 3, 'y': 4, 'hello': 0}, s: k} | next(iter([{1: 5, 2: 6}])))
                try:
                    _ = ((b * n1), STEP % 2 or (b * n1), (b * n1))
                except Exception as error:
                    out(error)
            out(err)
    for k, k2 in enumerate(range(i % 9)):
        if (('{}:{}'.format(k, G0)[:14])[-1:1] in '-'.join([f'<{ Meddler(6, 'look')!r}>{STEP}'[:12] for i in range(3) if (False ^ False)])[:12]):
            if ([*['a', '', '\u4e2d', G0, '\U0001f600z'], ('\u4e2d')[-1]][:8] != sorted([s, G1], key=R)):
                [s, k2, a] = [((4,))[-1], ((256 * 7) % 1000003), STEP]
                a: int = f1(True)
                (u)[-1] = Bag(x=1, y=2.5)
        elif abs(k) is 1e16:
            out((bytearray(b'q'), b'xyz',)[-1], -0j)
        a = [(k2 - s), ((1.5, 'a', 3))[0]]
        try:
            ({})['a'] -= Meddler(3, 'raise')
            if STEP % 5 == 1 or STEP != 9:
                raise b'xyz'
            try:
                u = [('\u00e9')[True] for i in range(6)]
            finally:
                i, s, = [*[G1 for i in range(2) for j in (i, 1)], 1, 2, 3][:2]
                f = (-100.0)
                u[: 3 + 1] = u[3::-1]
                del u[9:]
        finally:
            with Ctx('r', True):
                (a)[0] -= (0.0 / -2.25)
                f1((b'a' + b'xyz')[:9])
            match ord(chr(i & 255)):
                case (int() | None) if (('' not in {}) == False):
                    out(f1(True, **{}))
                case (1, (_, 2)):
                    assert Meddler(4, 'raise') or STEP != 10, '{}:{}'.format(s, 'a')[:14]
            if STEP == 11:
                del (t).x
    return Bag(x=1, y=2.5)
async def f3(a, b):
    s = -1
    for k in range(5):
        i, s, = [*(a * 3)[:8], 1, 2, 3][:2]
        async for i in Iter(2, -1):
            (u)[::0] = (await Pause(a))[:3]
for STEP in range(8):
    if STEP == 7:
        guard(setattr, f0, '__code__', f2.__code__)
    attempt(f0, (b'' + b'a')[:9])
for STEP in range(15):
    if STEP == 14:
        globals().pop('min', None)
    if STEP == 13:
        attempt(f2, (Meddler(3, 'look') * 3)[:8])
    attempt(f2, (['p', 'q'] * 3)[:8])
async def collected(source):
    return [item async for item in source][:8]
