import type { Turn } from "../conversation.ts";
import { type Json } from "../json.ts";
import { toIsoTime } from "./time_of.ts";

/** A message of a conversation in which prompts were edited or answers asked for again. */
export interface TreeNode {
  id: string;
  parent: string | undefined;
  /** Undefined for nodes that carry no words: they only link others. */
  turn: Turn | undefined;
  /** Orders siblings' branches; absent for nodes without a time. */
  time?: Json;
}

/**
 * Turns of a tree, parents before children, branches by time. `current` is the id of the last node
 * of the branch that the archive shows; without it the newest branch is taken. Orphans become roots,
 * and a cycle is entered at its first node.
 */
export function treeTurns(nodes: TreeNode[], current?: string): Turn[] {
  if (isChain(nodes)) {
    // Most conversations were never edited: a plain list says the same.
    return nodes.map(({ turn }) => turn).filter((turn) => turn !== undefined);
  }
  const byId = new Map<string, TreeNode>();
  // Of a repeated id the last one counts, as in JSON.
  for (const node of nodes) byId.set(node.id, node);
  const unique = byId.size === nodes.length ? nodes : [...byId.values()];
  const { order, branched } = depthFirst(unique, byId);
  const ordered = branched ? byTime(order, byId) : order;
  return linkTurns(ordered, byId, current, branched);
}

function isChain(nodes: TreeNode[]): boolean {
  for (let index = 1; index < nodes.length; index++) {
    if (nodes[index].parent !== nodes[index - 1].id) return false;
  }
  return true;
}

function depthFirst(nodes: TreeNode[], byId: Map<string, TreeNode>) {
  const children = new Map<string, TreeNode[]>();
  const roots: TreeNode[] = [];
  let branched = false;
  for (const node of nodes) {
    if (
      node.parent === undefined || node.parent === node.id ||
      !byId.has(node.parent)
    ) {
      roots.push(node);
      continue;
    }
    const siblings = children.get(node.parent);
    if (siblings === undefined) children.set(node.parent, [node]);
    else {
      siblings.push(node);
      branched = true;
    }
  }
  if (roots.length > 1) branched = true;
  const order: TreeNode[] = [];
  const seen = new Set<TreeNode>();
  const walk = (start: TreeNode) => {
    const stack = [start];
    for (;;) {
      const node = stack.pop();
      if (node === undefined) return;
      if (seen.has(node)) continue;
      seen.add(node);
      order.push(node);
      const below = children.get(node.id);
      if (below === undefined) continue;
      for (let index = below.length - 1; index >= 0; index--) {
        stack.push(below[index]);
      }
    }
  };
  roots.forEach(walk);
  if (seen.size < nodes.length) {
    branched = true;
    nodes.forEach((node) => seen.has(node) || walk(node));
  }
  return { order, branched };
}

/** Sorts by time; a node without one goes where the node before it in the tree goes. */
function byTime(order: TreeNode[], byId: Map<string, TreeNode>): TreeNode[] {
  const times = new Map<TreeNode, number>();
  for (const node of order) {
    const iso = toIsoTime(node.time);
    const own = iso === undefined ? undefined : epochOf(node.time, iso);
    const parent = node.parent === undefined
      ? undefined
      : byId.get(node.parent);
    const inherited = parent === undefined ? undefined : times.get(parent);
    times.set(node, Math.max(own ?? -Infinity, inherited ?? -Infinity));
  }
  return order
    .map((node, index) => ({ node, index, time: times.get(node)! }))
    .sort((a, b) => a.time === b.time ? a.index - b.index : a.time - b.time)
    .map(({ node }) => node);
}

// Fractions of a millisecond decide the order of messages that a program wrote at once.
function epochOf(time: Json | undefined, iso: string): number {
  return typeof time === "number" && time < 1e11
    ? time * 1000
    : Date.parse(iso);
}

function linkTurns(
  ordered: TreeNode[],
  byId: Map<string, TreeNode>,
  current: string | undefined,
  branched: boolean,
): Turn[] {
  const shown = branched ? shownNodes(ordered, byId, current) : undefined;
  const turns: Turn[] = [];
  // Index of the nearest turn at or above a node; nodes without words pass on their parent's.
  const nearest = new Map<string, number>();
  for (const node of ordered) {
    const parent = node.parent === undefined
      ? -1
      : nearest.get(node.parent) ?? -1;
    if (node.turn === undefined) {
      nearest.set(node.id, parent);
      continue;
    }
    nearest.set(node.id, turns.length);
    node.turn.parent = parent;
    if (shown !== undefined && !shown.has(node.id)) node.turn.offBranch = true;
    turns.push(node.turn);
  }
  return turns;
}

function shownNodes(
  ordered: TreeNode[],
  byId: Map<string, TreeNode>,
  current: string | undefined,
): Set<string> | undefined {
  const linked = ordered.some((node) =>
    node.parent !== undefined && byId.has(node.parent)
  );
  // Without any link there are no branches to choose from: everything is shown.
  if (!linked) return undefined;
  const shown = new Set<string>();
  let node = byId.get(current ?? "") ?? ordered.at(-1);
  while (node !== undefined && !shown.has(node.id)) {
    shown.add(node.id);
    node = node.parent === undefined ? undefined : byId.get(node.parent);
  }
  return shown;
}
