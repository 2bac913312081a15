//! Joins a block with the one it jumps to, where nothing else leads there. What other passes find out within a block reaches
//! further then.

use super::rewrite::Replacements;
use crate::hir::function::Function;
use crate::hir::inst::{Block, Terminator};

pub fn run(function: &mut Function) {
    let order = function.reverse_postorder();
    let mut ways_in = function.ways_in(&order);
    let mut replaced = Replacements::default();
    for block in order {
        // A block that was joined with one before it has nothing left.
        while let Some(next) = only_successor(function, block, &ways_in) {
            let Terminator::Jump(edge) = std::mem::replace(&mut function.block_mut(block).terminator, Terminator::Open)
            else {
                unreachable!("a block with one successor jumps")
            };
            let joined = std::mem::take(&mut function.block_mut(next).insts);
            let params = std::mem::take(&mut function.block_mut(next).params);
            for (param, arg) in params.into_iter().zip(edge.args) {
                replaced.insert(param, arg);
            }
            let terminator = std::mem::replace(&mut function.block_mut(next).terminator, Terminator::Open);
            let site = function.block(next).site;
            let data = function.block_mut(block);
            data.insts.extend(joined);
            (data.terminator, data.site) = (terminator, site);
            ways_in[next.index()] = 0;
        }
    }
    if !replaced.is_empty() {
        replaced.apply(function);
    }
}

/// The block that this one jumps to, if the two can be one: it is no rarer, and runs in the same frame.
fn only_successor(function: &Function, block: Block, ways_in: &[usize]) -> Option<Block> {
    let data = function.block(block);
    let Terminator::Jump(edge) = &data.terminator else { return None };
    let next = function.block(edge.block);
    let is_alike = next.context == data.context && (data.cold || !next.cold);
    (edge.block != block && ways_in[edge.block.index()] == 1 && is_alike).then_some(edge.block)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::super::after;
    use super::run;

    #[test]
    fn blocks_in_a_row_are_one() {
        let text = "
            function f
            b0:
                v0: ref = load_local 0
                jump b1(v0)
            b1(v1: ref):
                v2: any = ref_to_obj v1
                jump b2
            b2:
                v3: cond = const_cond true
                branch v3 b3 else b4(v2)
            b3:
                jump b4(v2)
            b4(v4: any):
                return v4
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: ref = load_local 0
            v2: any = ref_to_obj v0
            v3: cond = const_cond true
            branch v3 b3 else b4(v2)
        b3:
            jump b4(v2)
        b4(v4: any):
            return v4
        ");
    }

    #[test]
    fn loops_and_rare_ways_stay() {
        let text = "
            function f
            b0:
                v0: i64 = const_i64 1
                jump b1(v0)
            b1(v1: i64):
                v2: i64 = add_addr v1 v0
                v3: cond = compare.Eq v1 v2
                branch v3 b1(v2) else b2
            b2:
                jump b3
            b3: cold
                unwind
        ";
        assert_snapshot!(after(run, text), @r"
        function f
        b0:
            v0: i64 = const_i64 1
            jump b1(v0)
        b1(v1: i64):
            v2: i64 = add_addr v1 v0
            v3: cond = compare.Eq v1 v2
            branch v3 b1(v2) else b2
        b2:
            jump b3
        b3: cold
            unwind
        ");
    }
}
