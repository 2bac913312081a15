// Asks libgcc for the way through a stack, for `programs/unwinding.py`: by backtrace(), by an exception, and at each
// single instruction of machine code.

#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include <cstdint>
#include <cstdio>
#include <vector>

namespace {

constexpr greg_t TRAP_FLAG = 0x100;

struct Parcel {
    int value;
};

struct Region {
    uintptr_t start, end;
};

// A call of machine code, and what unwinding has to find from each of its instructions.
struct Activation {
    uintptr_t return_address, stack_of_caller;
};

// The way from a signal handler to the caller of what was interrupted.
struct Walk {
    uintptr_t interrupted;
    bool is_there;
    Activation found;
};

std::vector<Region> regions;
std::vector<Activation> activations;
volatile bool is_stepping;
long steps, mistakes;

_Unwind_Reason_Code look(_Unwind_Context *context, void *argument) {
    auto *walk = static_cast<Walk *>(argument);
    if (walk->is_there) {
        walk->found = {_Unwind_GetIP(context), _Unwind_GetCFA(context)};
        return _URC_END_OF_STACK;
    }
    walk->is_there = _Unwind_GetIP(context) == walk->interrupted;
    return _URC_NO_REASON;
}

void on_step(int, siginfo_t *, void *argument) {
    auto *registers = static_cast<ucontext_t *>(argument)->uc_mcontext.gregs;
    if (!is_stepping) {
        registers[REG_EFL] &= ~TRAP_FLAG;
        return;
    }
    registers[REG_EFL] |= TRAP_FLAG;
    const uintptr_t pc = registers[REG_RIP], stack = registers[REG_RSP];
    while (!activations.empty() && activations.back().stack_of_caller <= stack) {
        activations.pop_back();
    }
    for (const Region &region : regions) {
        if (pc < region.start || pc >= region.end) {
            continue;
        }
        if (pc == region.start) {
            activations.push_back({*reinterpret_cast<uintptr_t *>(stack), stack + 8});
        }
        if (activations.empty()) {
            return;
        }
        Walk walk{pc, false, {}};
        _Unwind_Backtrace(look, &walk);
        const Activation &right = activations.back();
        const bool is_right = walk.found.return_address == right.return_address &&
                              walk.found.stack_of_caller == right.stack_of_caller;
        steps += 1;
        if (!is_right && mistakes++ < 10) {
            fprintf(stderr, "at +%#lx of %#lx: %#lx, stack %#lx instead of %#lx, stack %#lx\n",
                    pc - region.start, region.end - region.start, walk.found.return_address,
                    walk.found.stack_of_caller, right.return_address, right.stack_of_caller);
        }
        return;
    }
}

}  // namespace

extern "C" {

// The addresses on the stack, the innermost first; how many there are.
int stack(void **addresses, int most) { return backtrace(addresses, most); }

// The function of a library that an address is in, or NULL.
const char *function_at(void *address) {
    Dl_info info;
    return dladdr(address, &info) ? info.dli_sname : nullptr;
}

void throw_parcel(int value) { throw Parcel{value}; }

// Calls `body`, says what came out of it and ends the process: frames that an exception has passed are not fit to go on.
void catch_parcel(void (*body)()) {
    try {
        body();
        puts("nothing was thrown");
    } catch (const Parcel &parcel) {
        printf("caught %d\n", parcel.value);
    }
    fflush(stdout);
    _exit(0);
}

// From now on, each instruction within the regions is checked.
void start_stepping(const uintptr_t *starts, const uintptr_t *ends, int count) {
    regions.clear();
    for (int i = 0; i < count; i++) {
        regions.push_back({starts[i], ends[i]});
    }
    activations.reserve(1000);
    struct sigaction action = {};
    action.sa_sigaction = on_step;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGTRAP, &action, nullptr);
    is_stepping = true;
    raise(SIGTRAP);
}

void stop_stepping() { is_stepping = false; }

// How many instructions were checked, and at how many of them unwinding went wrong.
long checked_steps() { return steps; }
long wrong_steps() { return mistakes; }
}
