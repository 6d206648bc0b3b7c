//! What goes wrong meanwhile: a schedule that the seed determines.

use super::world::World;
use crate::support::Dice;
use rowcast::changelog;
use std::time::Duration;

/// Between two faults.
const LULL_MS: u64 = 300;
/// Longest time that a client is cut off from its bytes without its connection ending.
const STALL_MS: u64 = 3000;

/// Breaks things until dropped or aborted. Everything in turn, in an order that the dice decide.
pub async fn rage(world: &mut World, dice: &mut Dice) {
    let mut due: Vec<u64> = Vec::new();
    loop {
        if due.is_empty() {
            due = (0..25).collect();
        }
        let fault = due.swap_remove(dice.roll(due.len() as u64) as usize);
        break_one(world, dice, fault).await;
        tokio::time::sleep(Duration::from_millis(dice.roll(LULL_MS))).await;
    }
}

async fn break_one(world: &mut World, dice: &mut Dice, fault: u64) {
    let wire = dice.roll(world.wires.len() as u64) as usize;
    match fault {
        0..5 => (0..1 + dice.roll(5)).for_each(|_| {
            world.wires[dice.roll(world.wires.len() as u64) as usize].cut();
        }),
        5..9 => {
            let wire = world.wires[wire].clone();
            let pause = Duration::from_millis(dice.roll(STALL_MS));
            wire.stall(true);
            tokio::spawn(async move {
                tokio::time::sleep(pause).await;
                wire.stall(false);
            });
        }
        9..11 => world.wires[wire].slow_down(Some(20_000 + dice.roll(200_000) as u32)),
        11..13 => world.wires[wire].slow_down(None),
        13 | 14 => world.move_wire(wire, dice.roll(2) as usize),
        15 | 16 => world.terminate("query ilike '%rowcast.change%' or query ilike '%pg_try_advisory_lock%'").await,
        17 => world.terminate("true").await,
        18 | 19 => {
            let age = Duration::from_millis(dice.roll(400));
            // It may meet a database that is going down; it would be tried again later.
            let _ = changelog::prune(&world.pool, age).await;
        }
        20 => world.restore(dice).await,
        21 | 22 => {
            let node = dice.roll(2) as usize;
            world.nodes[node].kill().await;
            tokio::time::sleep(Duration::from_millis(dice.roll(500))).await;
            world.revive(node).await;
        }
        23 => world.restart_postgres().await,
        _ => world.wires.iter().for_each(|wire| wire.cut()),
    }
}
