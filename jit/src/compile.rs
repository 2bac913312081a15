//! One compilation from end to end: bytecode and profile to HIR, HIR to Cranelift, Cranelift to an executable.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU32, AtomicU64};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::UserFuncName;
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_codegen::{Context, ir};
use cranelift_frontend::FunctionBuilderContext;
use pyo3::ffi::PyObject;
use rjit_perfmap::Unwind;

use crate::bytecode::info::CodeInfo;
use crate::bytecode::opcode::OpcodeKind;
use crate::code::binding::{bind, code_of};
use crate::code::executable::{Body, Counters, Executable, Header, body_in};
use crate::code::extra;
use crate::code::making::{Making, Stretch};
use crate::code::memory::CodeMemory;
use crate::code::source::perf_name;
use crate::code::state::CodeState;
use crate::code::validity::Validity;
use crate::config::{self, Stress};
use crate::cpython::code::Code;
use crate::cpython::function;
use crate::cpython::interp::{common_constants, eval_frame_address};
use crate::cpython::naming;
use crate::cpython::thread::LARGEST_FRAME;
use crate::dump::listing;
use crate::dump::{self, Dumped};
use crate::hir::builder::{Refusal, build};
use crate::hir::expectation::Named;
use crate::hir::function::{Function, Kind};
use crate::hir::opt::optimize;
use crate::lower::unwinding::unwinding;
use crate::lower::{Lowered, lower};
use crate::profile::{Assume, Callee, Inlinee, Inlinees, Lessons, Profile};
use crate::runtime::stress;
use crate::telemetry;
use crate::tier::{self, invariants};

/// Functions with more bytecode than this are left to the interpreter: compiling them would stop the program for
/// longer than it could gain.
const MAX_INSTRUCTIONS: usize = 20_000;

/// Functions with more code units than this are called, not inlined.
const MAX_INLINED_UNITS: usize = 260;

/// The namespaces that a code object runs with, borrowed; NULL when not known.
#[derive(Copy, Clone, Debug)]
pub struct Namespaces {
    pub globals: *mut PyObject,
    pub builtins: *mut PyObject,
}

/// What there is where machine code begins.
pub struct Entry {
    /// Operands on the frame's stack.
    pub depth: u32,
    /// What names are looked up in.
    pub namespaces: Namespaces,
    /// The objects in the home slots of a frame that is there, and its operands: borrowed addresses, 0 for none. Empty when
    /// none is.
    pub locals: Vec<usize>,
}

/// All that machine code is made from. To make it takes no look at any Python object, so any thread can do it without
/// the GIL.
pub struct Plan {
    code: usize,
    info: Arc<CodeInfo>,
    constants: Vec<String>,
    names: HashMap<Named, String>,
    hir: Function,
    header: Box<Header>,
    /// Counts what is executed without a profile.
    untried: Option<Box<AtomicI64>>,
    /// Tells whether what is taken for granted holds.
    validity: Arc<Validity>,
    allocator: RegisterAllocator,
    spent: Duration,
}

/// Machine code, and the bytecode that it was made from.
pub struct Made {
    pub executable: Executable,
    pub info: Arc<CodeInfo>,
}

/// Plans to compile `code`, which cannot suspend, as `kind`, counting into `counters`. With the plan come the code objects
/// that must live until the machine code is installed: it is entered as the first, and enters the others, by address.
///
/// # Errors
/// Says why the code object cannot be compiled.
pub fn plan(
    code: Code,
    kind: Kind,
    entry: Entry,
    state: &CodeState,
    counters: *const Counters,
) -> Result<(Plan, Vec<Code>), Refusal> {
    let start = Instant::now();
    let info = code.read().map_err(|error| Refusal::new(error.to_string()))?;
    if info.instrs.len() > MAX_INSTRUCTIONS {
        return Err(Refusal::new(format!("more than {MAX_INSTRUCTIONS} instructions")));
    }
    let codes = Rc::new(RefCell::new(vec![code]));
    let found = Rc::new(RefCell::default());
    let mut profile = profile_of(&codes, state, entry);
    let validity = Arc::new(Validity::default());
    if state.recompilations < tier::RECOMPILATIONS_WITH_GUESSES {
        let assume = assumptions(&validity);
        profile = profile.with_inlinees(inlinees(codes.clone(), assume.clone(), Rc::downgrade(&found)));
        profile = profile.with_assumptions(assume);
    }
    if tier::options().is_some_and(|options| options.has_profiles()) {
        profile.notice_untried();
    }
    profile.has_room = match kind {
        Kind::Function => !tier::is_patient() || state.has_room,
        Kind::Loop(_) => !tier::is_patient() || state.has_room || state.have_loops_room,
        Kind::Resume(_) => true,
    };
    let hir = build(&info, &profile, kind)?;
    // Lowering wants it, and has no GIL to find it out with.
    eval_frame_address();
    let plan = Plan {
        code: code.as_ptr() as usize,
        constants: naming::constants(&info),
        info: Arc::new(info),
        names: naming::names(&hir),
        hir,
        header: header_for(counters),
        untried: profile.untried.take(),
        validity,
        allocator: register_allocator(),
        spent: start.elapsed(),
    };
    Ok((plan, codes.take()))
}

/// What is known of the code object of `state`. The code objects that are asked about are added to `codes`.
fn profile_of(codes: &Rc<RefCell<Vec<Code>>>, state: &CodeState, entry: Entry) -> Profile {
    let Entry { depth, namespaces, locals } = entry;
    let asked = codes.clone();
    let bindings = move |callee, count, names: &[usize]| {
        let binding = bind(callee, count, names)?;
        asked.borrow_mut().extend(code_of(callee));
        Some(binding)
    };
    Profile::new(
        depth,
        Lessons {
            failed: state.failed.clone(),
            doubtful: state.doubtful.clone(),
            noisy: state.noisy.clone(),
            objects: state.objects.clone(),
            no_numbers: state.no_numbers.clone(),
            seen: state.seen.clone(),
            in_locals: state.in_locals.clone(),
            operands: state.operands.iter().map(|(site, noted)| (*site, noted.operands)).collect(),
            is_learning: state.recompilations < tier::RECOMPILATIONS_TO_LEARN,
        },
        namespaces.globals,
        namespaces.builtins,
        common_constants(),
        Box::new(bindings),
        locals,
    )
}

/// Has `validity` tell whether what is taken for granted holds.
fn assumptions(validity: &Arc<Validity>) -> Assume {
    let validity = Arc::clone(validity);
    Rc::new(move |assumption| {
        let is_fine = !passes_off().contains(&config::ASSUME) && invariants::assume(assumption, &validity);
        is_fine.then(|| validity.address())
    })
}

/// What is known of callees so far. Profiles refer to it, and it to profiles, so they must not own it.
type FoundInlinees = HashMap<Callee, Option<Rc<Inlinee>>>;

/// Finds functions that may become a part of their callers' machine code: small ones, which the interpreter has run before,
/// without loops and handlers of exceptions.
fn inlinees(codes: Rc<RefCell<Vec<Code>>>, assume: Assume, found: Weak<RefCell<FoundInlinees>>) -> Inlinees {
    Rc::new(move |callee, namespaces| {
        let all = found.upgrade()?;
        if let Some(known) = all.borrow().get(&callee) {
            return known.clone();
        }
        let new = inlinee(callee, namespaces, &codes, &assume, &found).map(Rc::new);
        all.borrow_mut().insert(callee, new.clone());
        new
    })
}

fn inlinee(
    callee: Callee,
    [globals, builtins]: [*mut PyObject; 2],
    codes: &Rc<RefCell<Vec<Code>>>,
    assume: &Assume,
    found: &Weak<RefCell<FoundInlinees>>,
) -> Option<Inlinee> {
    let code = code_of(callee)?;
    if code.unit_count() > MAX_INLINED_UNITS || code.flags().is_generator_like() {
        return None;
    }
    let info = code.read().ok()?;
    // Nobody may have looked at it so far.
    tier::state_or_new(code)?;
    let state = extra::get(code)?;
    let is_known = info.instrs.iter().any(|instr| instr.raw.kind() == OpcodeKind::Specialized);
    let has_run = is_known || state.read(|state| state.calls > 1 || state.was_compiled);
    let is_straight = info.instrs.iter().all(|instr| instr.jump_target().is_none_or(|target| target > instr.start));
    if !has_run || !is_straight || !info.exceptions.entries().is_empty() {
        return None;
    }
    let namespaces = match callee {
        Callee::Function(address) => {
            let function = function::Function::at(address);
            Namespaces { globals: function.globals(), builtins: function.builtins() }
        }
        Callee::Code { .. } => Namespaces { globals, builtins },
    };
    let entry = Entry { depth: 0, namespaces, locals: Vec::new() };
    let profile = state.read(|state| state.refused.is_none().then(|| profile_of(codes, state, entry)))?;
    let profile = profile.with_inlinees(inlinees(codes.clone(), assume.clone(), found.clone()));
    let profile = profile.with_assumptions(assume.clone());
    let profile = if matches!(callee, Callee::Function(_)) { profile.with_own_namespaces() } else { profile };
    Some(Inlinee { code: Arc::new(info), profile })
}

impl Plan {
    /// Makes the machine code. Nothing is installed or registered.
    ///
    /// # Errors
    /// Says why it cannot be made.
    pub fn make(self) -> Result<Made, Refusal> {
        let start = Instant::now();
        let Plan { code, info, constants, names, mut hir, mut header, untried, validity, allocator, spent } = self;
        optimize(&mut hir, passes_off()).map_err(|error| Refusal::new(format!("compiler error: {error}")))?;
        header.turns = turns_for(&hir);
        let kind = hir.kind;
        let mut machine = assemble(&hir, &info, &header, stress::wanted(), allocator)?;
        if machine.frame > LARGEST_FRAME && allocator == RegisterAllocator::SinglePass {
            machine = assemble(&hir, &info, &header, stress::wanted(), RegisterAllocator::Backtracking)?;
        }
        if machine.frame > LARGEST_FRAME {
            let reason =
                format!("each call would take {} bytes of the C stack, more than {LARGEST_FRAME}", machine.frame);
            return Err(Refusal::new(reason));
        }
        stress::note_guards(machine.lowered.guards.len());
        let address = machine.body as *const () as usize;
        let making = Arc::new(Making::new(
            Arc::clone(&info),
            constants,
            names,
            hir,
            machine.stretches,
            machine.unwind,
            machine.body,
            machine.size,
            machine.memory,
        ));
        if let Some(clif) = &machine.clif {
            dump(&making, &info, address, clif, machine.cranelifts);
        }
        let executable = Executable {
            code,
            kind,
            qualname: info.qualname.clone(),
            filename: info.filename.clone(),
            first_line: info.first_line,
            line: line_of(&info, kind),
            body: machine.body,
            address,
            size: machine.size,
            header,
            untried,
            validity,
            exits: machine.lowered.exits.into(),
            blames: Vec::new(),
            guards: machine.lowered.guards,
            callees: machine.lowered.callees,
            extent: machine.lowered.extent,
            making,
            reified: Default::default(),
            compile_ns: (spent + start.elapsed()).as_nanos() as u64,
            slot: None,
            region: None,
        };
        Ok(Made { executable, info })
    }
}

static PASSES_OFF: OnceLock<Vec<&'static str>> = OnceLock::new();

/// Reads `RJIT_PASSES`, once in a process.
///
/// # Errors
/// What is wrong with it.
pub fn start() -> Result<(), String> {
    let off = config::passes_off(|name| std::env::var_os(name))?;
    // Set already by whoever was first.
    let _ = PASSES_OFF.set(off);
    Ok(())
}

/// The passes that are not run.
fn passes_off() -> &'static [&'static str] {
    PASSES_OFF.get().map_or(&[], Vec::as_slice)
}

/// The line where the machine code is entered: that of a function is its first one.
fn line_of(info: &CodeInfo, kind: Kind) -> u32 {
    match kind {
        Kind::Function => info.first_line,
        Kind::Loop(offset) | Kind::Resume(offset) => info.lines.lookup(offset).line.unwrap_or(info.first_line),
    }
}

struct Machine {
    body: Body,
    size: usize,
    /// Bytes of C stack that its frame takes.
    frame: usize,
    memory: CodeMemory,
    stretches: Box<[Stretch]>,
    unwind: Unwind,
    lowered: Lowered,
    /// Texts that are only made when they are dumped.
    clif: Option<String>,
    cranelifts: Option<String>,
}

fn assemble(
    hir: &Function,
    info: &CodeInfo,
    header: &Header,
    stress: Stress,
    allocator: RegisterAllocator,
) -> Result<Machine, Refusal> {
    let failed = |stage: &str, error: &dyn std::fmt::Display| Refusal::new(format!("{stage}: {error}"));
    let isa = isa(allocator).map_err(|error| failed("machine", error))?;
    let mut function = empty_function();
    let mut frontend = FunctionBuilderContext::new();
    let lowered = lower(hir, info, header, stress, &mut function, &mut frontend, isa.frontend_config());
    let clif = dump::is_on().then(|| function.to_string());
    let mut context = Context::for_function(function);
    context.set_disasm(clif.is_some() && listing::NEEDS_CRANELIFTS);
    let compiled = context
        .compile(&**isa, &mut ControlPlane::default())
        .map_err(|error| failed("code generation", &format!("{:?}", error.inner)))?;
    // Machine code calls by address. A processor that needs help with an instruction would have Cranelift call it by name.
    if let Some(relocation) = compiled.buffer.relocs().first() {
        return Err(failed("code generation", &format!("no instruction for {:?}", relocation.target)));
    }
    let size = compiled.code_buffer().len();
    // Above what the frame pointer points to is the address to return to.
    let frame = compiled.buffer.frame_layout().map_or(0, |layout| layout.frame_to_fp_offset as usize + 16);
    let unwind = unwinding(compiled, &**isa).map_err(|error| failed("unwind table", &error))?;
    let memory = CodeMemory::new(compiled.code_buffer()).map_err(|error| failed("code memory", &error))?;
    let body = body_in(&memory);
    let stretches = compiled.buffer.get_srclocs_sorted().iter();
    let stretches =
        stretches.map(|part| Stretch { start: part.start, end: part.end, origin: part.loc.bits() }).collect();
    let cranelifts = compiled.vcode.clone();
    Ok(Machine { body, size, frame, memory, stretches, unwind, lowered, clif, cranelifts })
}

/// Writes to files what was made.
fn dump(making: &Making, info: &CodeInfo, address: usize, clif: &str, cranelifts: Option<String>) {
    let name = perf_name(&info.qualname, &info.filename);
    let folder = std::env::current_dir().unwrap_or_default();
    let elf = rjit_perfmap::object_file(&making.region(&name), &folder).unwrap_or_else(|error| {
        telemetry::warn(format!("the dumped ELF file of {name} is empty: {error}"));
        Vec::new()
    });
    dump::write(&Dumped {
        qualname: &info.qualname,
        filename: &info.filename,
        kind: making.hir.kind.name(),
        line: line_of(info, making.hir.kind),
        first_line: info.first_line,
        address,
        size: making.size,
        hir: &making.hir.to_string(),
        clif,
        asm: &making.disassembly(cranelifts),
        elf: &elf,
    });
}

/// The Cranelift IR that `making` was lowered to. It is made once more, so the addresses of what
/// belongs to the executable differ.
///
/// # Errors
/// There is no compiler for this machine.
pub fn clif(making: &Making) -> Result<String, Refusal> {
    let isa = isa(register_allocator()).map_err(|error| Refusal::new(error.as_str()))?;
    let mut header = header_for(std::ptr::null());
    header.turns = turns_for(&making.hir);
    let mut function = empty_function();
    let mut frontend = FunctionBuilderContext::new();
    lower(&making.hir, &making.info, &header, stress::wanted(), &mut function, &mut frontend, isa.frontend_config());
    Ok(function.to_string())
}

fn empty_function() -> ir::Function {
    ir::Function::with_name_signature(UserFuncName::user(0, 0), ir::Signature::new(CallConv::SystemV))
}

fn header_for(counters: *const Counters) -> Box<Header> {
    Box::new(Header {
        expected_breaker: AtomicU64::new(u64::MAX),
        lingering: AtomicU32::new(0),
        executable: std::ptr::null_mut(),
        counters,
        turns: Box::default(),
    })
}

/// What counts the turns of guards under stress.
fn turns_for(hir: &Function) -> Box<[AtomicU8]> {
    let guards = if stress::wanted().is_on() { hir.guards().count() } else { 0 };
    (0..guards).map(|_| AtomicU8::new(0)).collect()
}

/// What assigns registers. It takes about half of the time that compiling takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum RegisterAllocator {
    /// Good code.
    Backtracking,
    /// Code half as large again, in half the time.
    SinglePass,
}

/// When everything is compiled at its first call, most of it runs once, and what counts is to be done soon.
fn register_allocator() -> RegisterAllocator {
    match tier::options() {
        Some(options) if options.is_eager() => RegisterAllocator::SinglePass,
        _ => RegisterAllocator::Backtracking,
    }
}

/// The machine that compiled code runs on: this one.
fn isa(allocator: RegisterAllocator) -> Result<&'static OwnedTargetIsa, &'static String> {
    static ISA: [OnceLock<Result<OwnedTargetIsa, String>>; 2] = [const { OnceLock::new() }; 2];
    ISA[allocator as usize]
        .get_or_init(|| {
            let mut flags = settings::builder();
            let options = [
                // Optimizing takes longer to compile and does not show in what runs: the HIR is optimized already.
                ("opt_level", "none"),
                (
                    "regalloc_algorithm",
                    match allocator {
                        RegisterAllocator::Backtracking => "backtracking",
                        RegisterAllocator::SinglePass => "single_pass",
                    },
                ),
                ("preserve_frame_pointers", "true"),
                ("unwind_info", "true"),
                ("is_pic", "false"),
                ("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" }),
            ];
            for (name, value) in options {
                flags.set(name, value).map_err(|error| error.to_string())?;
            }
            let machine = cranelift_native::builder().map_err(str::to_owned)?;
            machine.finish(settings::Flags::new(flags)).map_err(|error| error.to_string())
        })
        .as_ref()
}
