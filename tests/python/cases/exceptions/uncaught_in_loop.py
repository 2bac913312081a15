# exit: 1
# expect-osr: 1
# An exception that leaves a hot loop of the module itself, through a handler that lets it pass.
print("start")
total = 0
values = [3] * 200 + [0] + [5]
for index, value in enumerate(values):
    try:
        total += 12 // value
    except TypeError:
        print("never")
    finally:
        if value == 0:
            print("leaving", index, total)
print("not reached")
