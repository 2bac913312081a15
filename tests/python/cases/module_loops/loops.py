# Loops of the module itself: nested, with handlers, breaking, else, names deleted and rebound, functions defined inside.
# expect-osr: 1
import sys

total = 0
for i in range(500):
    total += i
print(total, i)

for i in range(60):
    for j in range(60):
        if j > i:
            break
        if (i + j) % 7 == 0:
            continue
        total += i * j
    else:
        total -= 1
else:
    print("else", total, i, j)

n = 0
while n < 300:
    n += 1
    if n == 250:
        break
else:
    print("never")
print(n)

errors = []
for value in [1, 2, 0, "x", None] * 40:
    try:
        total += 10 // value
    except ZeroDivisionError:
        errors.append("zero")
        for k in range(30):
            total += k
    except TypeError as exc:
        errors.append(str(exc))
    else:
        total += 1
    finally:
        last = value
print(total, len(errors), sorted(set(errors)), last)
print(sys.exception(), "exc" in globals())

functions = []
for i in range(100):

    def f(x, i=i):
        return x + i

    functions.append(f)
    if i > 95:
        total = float(total)
print(sum(g(1) for g in functions), total)

squares = [x * x for x in range(200)]
evens = {x: y for x, y in enumerate(squares) if not y % 2}
print(len(squares), len(evens), "x" in globals())

try:
    for i in range(200):
        for j in range(5):
            if i == 150 and j == 3:
                raise KeyError(i, j)
except KeyError as exc:
    print("caught", exc.args, exc.__traceback__.tb_lineno)

for name in list("abc") * 50:
    globals()[name] = name * 2
    del globals()[name]
print("a" in globals())

for i in range(100):
    del i
print("i" in globals())

word = ""
while len(word) < 200:
    word += "ab" if len(word) % 3 else "c"
print(word[-10:])


class Body:
    count = 0
    for step in range(150):
        count += step
    while count > 10:
        count //= 2
    names = [step for _ in range(3)] if False else sorted(k for k in dir() if not k.startswith("_"))


print(Body.count, Body.step, Body.names)
code = compile("for q in range(300):\n    z = q * 2\nprint(z, q)\nif q > 5:\n    raise ValueError(q)\n", "made up file", "exec")
for _ in range(3):
    try:
        exec(code, {})
    except ValueError as exc:
        print(exc, exc.__traceback__.tb_next.tb_lineno)
with open(sys.argv[0]) as source:
    lines = 0
    for line in source:
        lines += 1
print(lines > 100)
