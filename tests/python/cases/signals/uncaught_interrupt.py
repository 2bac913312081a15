# exit: 130
# expect-osr: 1
# expect-report: none
# Ctrl-C in a compiled loop that nobody catches: what is printed, and how the process ends.
import os
import signal

signal.signal(signal.SIGINT, signal.default_int_handler)


def report(kind, value, tb):
    names = []
    while tb:
        names.append(tb.tb_frame.f_code.co_name)
        tb = tb.tb_next
    print(kind.__name__, names)
    os._exit(130)


import sys  # noqa: E402

sys.excepthook = report


def work():
    i = 0
    while True:
        i += 1
        if i == 5000:
            print("sending", flush=True)
            os.kill(os.getpid(), signal.SIGINT)


print("start")
work()
