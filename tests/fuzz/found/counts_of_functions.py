# Found with seed 788648606 in mode reify: record: refcount instead of refcount.
#     refcount sumprod builtin_function_or_method 4
#     refcount prod builtin_function_or_method 4
#     refcount nextafter builtin_function_or_method 4
#   - refcount ulp builtin_function_or_method 4
#   - refcount pi float 5
#   + refcount ulp builtin_function_or_method 5
#   + refcount pi float 5

import builtins
import sys
from fuzz.support import *
originals = dict(vars(builtins))
STEP = 0

def decorate(func):

    def inner(*args, **kwargs):
        return func(*args, **kwargs)
    return inner

class Namespace(dict):

    def __setitem__(self, key, value):
        dict.__setitem__(self, key, value)

class Slotted:
    __slots__ = ()
    w = 5

class Deeper:

    def __init__(self, func, depth):
        self.func, self.depth = (func, depth)

    def __add__(self, other):
        return self.func(self.depth, other)

    @property
    def down(self):
        return self.func(self.depth, 1)
G0 = [*[0, 7], 3][:8]
G1 = {**{'x': 3, 'y': 4, 'hello': 0}, 3: 10}
G2 = {0: 1, 'a': 2} or G1
G3 = eval('3')

class C0:
    __slots__ = ('y', '__weakref__')
    w = 1 >> (G3 & 63)

    def __init__(self, y):
        self.y = y
        out(y * y, Bag(x=1, y=2.5))

    def __repr__(self):
        return '<C0>'

    def m0(self, a, b, c, *, kw=G3):
        tick()
        self.w = 63 // G3
        if float(int(b)) > divmod(2147483648, -3)[0]:
            u = +1 - Meddler(1, 'raise')
            for i in Iter(4, -1):
                self.x = 'é'[u:-1][1:1]
                c += list(Iter(0, -1))[:8]
                del c[6:]
            else:
                out([u], (b'xyz' + bytearray(b'q'))[:9])
        elif 10 - 7 == -1:
            u = (u := (s := (-1)))
        elif 63 // 5 < c[0]:
            n1 = 0
            while n1 < 5:
                n1 += 1
                self.x = float(n1) ** 2
                u = type(self).__name__.title()
        try:
            s = round(sum([i for i in Iter(0, -1)]))
            s |= (G3 * 255 & 65535) ** 0 % 1000003
            c[2:2:0] = [s, G3][:3]
        finally:
            with Ctx('p', True), Ctx('q', True):
                if STEP == 4:
                    return abs(2)
        try:
            for k in range(4):
                f, *u, s = (*c, k)
                f = k // 10 and k << (f & 15) & 18446744073709551615
                b = abs(b) - b // b
            else:
                f, *k, s = k
            if [s for i in Iter(5, -1)][k | s] > (f, k)[0] << (f & 15) & 18446744073709551615:
                d = (0 << (f & 15) & 18446744073709551615) ** 3 % 1000003
                k &= ord(chr(s & 127))
                out((k,)[-1], dict(x=a, **{'y': d}))
            elif sorted(c, key=R) == (c + [1, 2, 3])[:8]:
                s = len('hello' and '😀z')
            else:
                d = ('{}:{}'.format(k, '😀z')[:14] + '%s-%s' % (k, 'b'))[:9]
                self.x += (None,)[0]
                s, k, t = [*[0.1, b], 1, 2, 3][:3]
            out((G0 + u)[:8])
            if STEP % 3 == 2:
                raise ExceptionGroup('g', [Fail(1), ValueError(STEP)])
        except* Exception as err:
            out(err)
            t = Bag(x=1, y=2.5)
        return id(a) * 0

    def m1(self, a, b, c):
        self.y = sum([0.5 for i in range(4)], 0.5)
        m1, t4 = ([-0.0] * 9, 0)
        for n2 in range(14):
            try:
                for n3 in range(9):
                    m1[n3], m1[0] = (m1[0], m1[n3])
                    if n2 == 3:
                        m1[9] = -0.0
            except (TypeError, ValueError, OverflowError, IndexError, Fail) as err:
                out(err)
        out(t4)
        out(list(m1 or ()))
        return {'a': '', 1: type(Meddler(9, 'look')).__name__}[a and 1]

    def __ipow__(self, other):
        out(max(G3, G3))

        def g(p, q=1.5):
            b_ = {i: j << (j & 15) & 18446744073709551615 for i in range(8) for j in range(3)}
            p = 63
            return next(iter([STEP]))
        b = g({1: 'x', 2: 'y'}.get(b, 0))
        b = g(ord(chr(b & 511)))
        out('__ipow__')
        return +False

    def __enter__(self):
        if None is [-3 * 9223372036854775807 & 281474976710655]:
            d = '{}:{}'.format(63, 'é')[:14] or 'é'[1:63:2]
        out('__enter__')
        return ('b' + '😀z')[:9]

    def __exit__(self, *error):
        out(error[1])
        return STEP % 2 == 1

    def __truediv__(self, other):
        out(sorted(locals())[:5])
        with Ctx('q', False):
            a = 1
            b = dict(x=other, **{'y': 0 | a})
        return {'a': 1, 'b': 2}.get(G3, -1)

class C1(C0):

    def m0(self, a, b, c, *, kw=2):
        tick()
        s = super(C1, self).m0(0, 9.223372036854776e+18, [9223372036854775807, 1])
        self.y = b
        s, = (next(iter([s])),)
        return self.m0(R(t'{ G3} and {STEP!r:>3}'.values), -0.0 // G3, [5, 3, -1, 4], kw=Bag(x=1, y=2.5, z='s'))

    def m1(self, a, b, c):
        self.w += sum((i for i in range(2) if False))
        for n1 in range(30):
            try:
                n2 = 0
                t3 = -7 if n1 != 7 else Dying(0)
                while True:
                    _ = t3 + 1
                    n2 += 1
                    if n2 > 4:
                        break
                    t3 += 1
                    if n2 % 2:
                        continue
                    _ = n2
                out(t3)
            except (TypeError, ValueError, OverflowError, UnboundLocalError) as err:
                out(err)
        match eval('C0(9007199254740993.0)'):
            case 2.5:
                self.y = C0(0.0 - -2.25)
            case True:
                self.w += 1e+16 ** 2
            case {'a': 'a', **m1}:
                try:
                    import collections.abc as t
                except ImportError as err:
                    out(err)
            case ['a', [_, 2]] if a > +False:
                C0(1e+16) and Bag(x=1, y=2.5, z='s')
            case _:
                b[:-1] = b[:-1][:3]
        import collections.abc as t
        return (lambda q: a - q)(a // 0)

    def __radd__(self, other):
        ((bytearray(b'q') + b'xyz')[:9] + (b'xyz' + bytearray(b'q'))[:9])[:9]
        try:
            if STEP == 14:
                refs(C0(0.0))
        finally:
            self.y = -1
        return NotImplemented if STEP % 3 == 1 else -10
O0 = guard(lambda: C0(y=1.5 - G3))
O1 = guard(lambda: C0(O0.y))

async def f0(a=G2, b={1: 5, 2: 6}):
    global O0
    if O0 is None:
        try:
            _ = {9007199254740992.0 + 3.0, STEP}
        except Exception as error:
            out(error)
        match (7, 8, 9)[0]:
            case int(m1):
                if STEP % 5 == 4:
                    raise ExceptionGroup(t, [ValueError((t := 'hello')), ValueError(2)])
            case C1(m1) if STEP != 14:
                _ = [a0 for a0 in Iter(6, 3) if a0 is not None]
                out(len(_))
            case int(m1):
                if STEP == 13:
                    return 7 ** 0 % 1000003
        s = -0.0
    jump_on(1, -3)
    if STEP == 8:
        return await Pause(10)
    O0.w = id([1, 2, 3] > [9223372036854775807, 1]) * 0
    f = [9223372036854775807, 1][0] << ((f := G3) & 15) & 18446744073709551615
    return Meddler(7, 'profile')

def f1(a):
    tick()
    _m = Bag(x=1, y=2.5, z='s').m0
    _m(a if 7 > G3 else 1, 9007199254740992.0 - float('nan'), ([5, 3, -1, 4] + [0, 7])[:8])

    def g(p, q=1.5):
        nonlocal a
        if STEP == 11:
            return (lambda q: 536870912)(5)
        try:
            del [9223372036854775807, 1][p - p]
        except Exception as error:
            out(error)
        p = p
        return (a or a) | int(p)
    u = g(sum([3 for i in range(5)]))
    f = g(~-3)
    a = f
    G1[a] = 0.1 + 100.0 + f / u
    [5, 3, -1, 4][-1] = eval('a') - STEP
    return sum([0.5 for i in range(3) for j in (i, 1)], 0.5) * (0.5 + 9007199254740992.0)

@decorate
def f2(a='hello', b=10):
    s = 63
    t = -0.0
    for n1 in range(12):
        try:
            n2 = 0
            t3 = 255 if n1 != 10 else None
            while True:
                _ = t3 + 2.5
                n2 += 1
                if n2 > 9:
                    break
                t3 = t3 - -7
                try:
                    raise Fail(1)
                except Fail:
                    t3 = t3 + 1
            out(t3)
        except (TypeError, ValueError, OverflowError, UnboundLocalError) as err:
            out(err)

    def g(p, q=1.5):
        nonlocal t
        if not s / s * (q := q):
            p = -(3 - p)
            try:
                _ = [True, 2, 3][t + q:Bag(x=1)]
            except Exception as error:
                out(error)
            p |= floor(t / q)
        elif b is not None:
            del t
            t = q
        elif b is not b:
            if STEP % 5 == 3:
                raise KeyError(s | -2147483649)
        else:
            b_ = {'a': 1, 'b': 2}
            if STEP % 5 == 0:
                raise KeyError((a + a)[-9:]) from Fail(1)
        assert b or STEP != 10, (a + a)[:9]
        match s:
            case C1(1):
                out(None)
            case _:
                p, = (p >> (p & 63),)
        return p * 63 % 9223372036854775807 | 3 + p
    f = g(1 | f)
    f = g(~f)
    out(list(map(g, [*G0, f][:8])))
    if STEP == 10:
        f = (s, s)
    return ~f
try:
    del G0[-0.0 + 100.0]
except Exception as error:
    out(error)
if STEP == 2:
    del O0.y
for STEP in range(12):
    if STEP == 5:
        attempt(lambda *a: through_asyncio(f0(*a), f0(*a)), {'a': 1, 'b': 2}, dict(x=bytearray(b'q'), **{'y': 10}))
    if STEP == 12:
        attempt(lambda *a: through_asyncio(f0(*a), f0(*a)), {'%': 3, '': 10, 2: G3}, {1: 'x', 2: 'y'} | Meddler(1, 'poke'))
    attempt(lambda *a: through_asyncio(f0(*a), f0(*a)), {0: 1, 'a': 2}, {})
for STEP in range(15):
    if STEP == 7:
        attempt(f1, 7 * 1.5)
    attempt(f1, C0(100.0).w)
for STEP in range(8):
    if STEP == 5:
        guard(setattr, O0, '__dict__', {'x': 7, 'z': 's'})
    if STEP == 5:
        builtins.range = originals['range']
    if STEP == 8:
        attempt(f2, ('中', 'x y')[0], eval("b'xyz'"))
    attempt(f2, '中', G1 | {'x': 3, 'y': 4, 'hello': 0})
if (7 // G3) ** 2 % 1000003 != round(fabs(Meddler(2, 'poke'))):
    with C0() as b:
        match (10, set(), -3):
            case int(m1):
                (4,)
            case C0(x=1):
                out([63, 'a'])
            case {'a': 1}:
                d, c = (C1(y=1e+308).w, {'a': c, 1: c}[1.0])
            case _:
                a = next(iter([{'a': 3, 1: 1}[7 and 1]]))
        s = 5
        G2[s] = -eval('s')

def h(p, q=1.5):
    if STEP % 5 == 4:
        raise ZeroDivisionError(('a' + '中')[-9:]) from Fail(1)
    return len({1, 2, 3})
c = h(round(c))
out(list(map(h, [5, 3, -1, 4])))

def deep(depth, a=0):
    depth[0] += 1
    try:
        return deep(depth, a + 1)
    finally:
        a += 1
for STEP in range(5):
    deepest(deep)
# ---- the next program ----
import builtins
import sys
from fuzz.support import *

class Namespace(dict):

    def __setitem__(self, key, value):
        dict.__setitem__(self, key, value)

async def f1(a, b, *, kw=0.0):
    tick()
    global G0
    s = 9223372036854775808
    t = kw
    match await Pause(set()):
        case [1, [_, 2]] | None if (lambda q=1, /, *r: False)(-1) & isinstance({1: 5, 2: 6}, (str, list)):
            a = b = s % s - a ** 2 % 1000003
        case ['a', 'a'] if Bag(x=1, y=2.5) != [Bag(x=1, y=2.5), Bag(x=1, y=2.5)][-1]:
            if STEP == 5:
                a = (1, 2)[0]
        case 0:
            f, (s, b) = (a >> (5 & 63), (a % f, STEP))
        case _:
            if [(1,)[-1], 1 + 1, {'x': 3, 'y': 4, 'hello': 0}.get('x y', a), s, f0(G0)]:
                match ['中' for i in {'a': 1, 'b': 2}.values() if False]:
                    case {'a': 1} if not s * 3 & 9223372036854775807:
                        G0 = abs(b << (s & 15) & 18446744073709551615)
                    case ['a', [_, 2]]:
                        out({3, '', G0, 'a'}, (lambda q: None)(0))
                    case [_, *m1] if isinstance(b * G0 % 2147483647, int):
                        [1, 2, 3][0] = Bag(x=1, y=2.5)
            else:
                u = [([0, 7] * 3)[:8], ([0, 7] * 1)[:8], ([True, 2, 3] + [0, 7])[:8]][0]
    match Bag(x=1, y=2.5) if isinstance(b, object) else Bag(x=1, y=2.5):
        case bool():
            d = [b for i in range(5, 0, -1) for j in (i, 1)]
        case list():
            try:
                a = 1 & None
                for k in dict(x=True, **{'y': s}).values():
                    G0 %= id(t) * 0
                    poke('kw', Bag(x=1, y=2.5))
            except Fail as err:
                try:
                    G0 = s * s % 9223372036854775807
                    s = None
                    try:
                        _ = [0, 7][a * G0:Bag(x=1)]
                    except Exception as error:
                        out(error)
                    if STEP % 3 == 2:
                        raise ExceptionGroup('g', [Fail(1), ZeroDivisionError(STEP)])
                except* (TypeError, KeyError) as err:
                    out(err)
                    f0(a).x += float(G0)
                match tuple(Iter(0, -1))[:8]:
                    case 0 | 1 | 'b' if s <= a * 2 & 281474976710655 == abs(None):
                        if STEP == 2:
                            del Bag(x=1, y=2.5).x
            except TypeError as err:
                f0(**{'a': f0(a=None)})
                for i in Iter(1, -1):
                    G0 = a = len({'a': 0.5, 3: None}) | +False
                G0 = G0 = trunc([][0])
            finally:
                for {'a': Bag(x=1, y=2.5), 1: Bag(x=1, y=2.5)}[True].x in [[1], [2, 3]]:
                    f0(G0 if '%' != 'é' else G0)
        case [1, [_, 2]]:
            for k in [{'a': 1, 'b': 2}, {'a': 1, 'b': 2}, {1: 5, 2: 6}][b].values():
                if STEP == 5:
                    t = log(1e+16) if ''[-1] == ('😀z' + 'hello')[:9] else t + t
                    monitor_on('PY_START')
                else:
                    if STEP == 4:
                        profile_off()
                    G0 = max(a, b)
                for j in Iter(1, -1):
                    Bag(x=1, y=2.5).x += 1e+16 ** 2
                    j = j = a & 2.2250738585072014e-308 and ord(chr(63 & 127))
                    if +j != None:
                        continue
                if {STEP for i in range(6)} != f0(b) | {'a', 'b'}:
                    out(None, f0(7))
                elif STEP < 2:
                    c: int = STEP
            else:
                s += -[1, 2, 3] << (int(t) & 15) & 18446744073709551615
        case ['a', [_, 2]]:
            u = next(iter([dict(x=10, **{'y': s})]))
        case _:

            def g(p, q=1.5):
                if (f0(a=b) + [G0 for i in range(4)])[:8] is not (4,):
                    if STEP == 3:
                        jump_on(3, 6)
                    q = t
                else:
                    if STEP == 9:
                        trace_off()
                    assert {'a': 0.5, 3: None} or STEP != 4, 'a'[s:]
                    Bag(x=1, y=2.5).x = {i: a for i in range(4)}.get(G0, b & 1073741823)
                try:
                    out((lambda q: None)(0))
                    {'x': 3, 'y': 4, 'hello': 0}['x y'] = (Bag(x=1, y=2.5) * 0)[:8][:3]
                    if STEP % 3 == 1:
                        raise ExceptionGroup('g', [Fail(1), ZeroDivisionError(STEP)])
                except* ValueError as err:
                    out(err)
                    assert t or STEP != 12, f0(b, **{})
                return 0
            a = g(b - b)
    return f0(f0(G0))
n1 = 0
while n1 < 25:
    n1 += 1
    try:
        Bag(x=1, y=2.5).x += 5e-324 + -0.0
    except ValueError as err:
        n2 = 0
        while True:
            n2 += 1
            if n2 > 3:
                break
            out(frozenset((1, 2)) & frozenset((1, 2)), (b'a' + b'xyz')[:9])
    from math import *
for STEP in range(8):
    if STEP == 7:
        attempt(f0, -9007199254740992.0)
    attempt(f0, -3 << (0 & 15) & 18446744073709551615)
for STEP in range(8):
    if STEP == 4:
        attempt(lambda *a: finish(f1(*a)), 'x y' if STEP < 1 else 'é', {'a': 3, 1: -1}[1])
    if STEP == 5:
        attempt(lambda *a: finish(f1(*a)), (b'a' + b'')[:9], any((False for i in range(2))))
    attempt(lambda *a: finish(f1(*a)), 0 * 7 % 97, ord(chr(-1073741824 & 255)))

def deep(depth, a=0):
    depth[0] += 1
    try:
        a = deep(depth, a + 1)
    except RecursionError:
        a = depth[0]
    return a
for STEP in range(6):
    deepest(deep)
