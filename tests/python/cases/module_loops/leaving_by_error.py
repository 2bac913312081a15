# exit: 1
# expect-osr: 1
# An error leaving a nested loop of the module, with loops in handlers on the way; the uncaught report is compared whole.
print("begin")
rows = [[1, 2, 3]] * 100 + [[1, "x"]]
total = 0
try:
    for row in rows:
        for cell in row:
            total = total + cell
except TypeError as first:
    print("first", total, row, cell)
    for i in range(100):
        total += i
    table = {i: i for i in range(100)}
    while True:
        total -= table.pop(i) if i in table else table[i]
        i -= 1
