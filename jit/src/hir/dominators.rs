//! Which blocks every path to a block goes through.

use crate::hir::function::Function;
use crate::hir::inst::Block;

/// Immediate dominators, by the algorithm of Cooper, Harvey and Kennedy ("A Simple, Fast Dominance Algorithm").
pub struct Dominators {
    order: Vec<Block>,
    number: Vec<usize>,
    idom: Vec<usize>,
}

impl Dominators {
    pub fn compute(function: &Function, order: &[Block]) -> Dominators {
        let mut number = vec![usize::MAX; function.blocks.len()];
        for (i, block) in order.iter().enumerate() {
            number[block.index()] = i;
        }
        let mut predecessors = vec![Vec::new(); order.len()];
        for (i, &block) in order.iter().enumerate() {
            for edge in function.block(block).terminator.edges() {
                predecessors[number[edge.block.index()]].push(i);
            }
        }
        let mut idom = vec![usize::MAX; order.len()];
        idom[0] = 0;
        let mut changed = true;
        while changed {
            changed = false;
            for i in 1..order.len() {
                let mut new = usize::MAX;
                for &p in &predecessors[i] {
                    if idom[p] == usize::MAX {
                        continue;
                    }
                    new = if new == usize::MAX { p } else { intersect(&idom, p, new) };
                }
                if idom[i] != new {
                    idom[i] = new;
                    changed = true;
                }
            }
        }
        Dominators { order: order.to_vec(), number, idom }
    }

    /// The last block that every path to `block`, which is not the entry, goes through before.
    pub fn parent(&self, block: Block) -> Block {
        self.order[self.idom[self.number[block.index()]]]
    }

    /// Whether every path to `b` goes through `a`.
    pub fn dominates(&self, a: Block, b: Block) -> bool {
        let a = self.number[a.index()];
        let mut b = self.number[b.index()];
        while b > a {
            b = self.idom[b];
        }
        a == b
    }
}

fn intersect(idom: &[usize], mut a: usize, mut b: usize) -> usize {
    while a != b {
        while a > b {
            a = idom[a];
        }
        while b > a {
            b = idom[b];
        }
    }
    a
}
