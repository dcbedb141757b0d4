// A DAG's tasks, groups and edges, as the server packs them, with the tree of groups in an order in which one reads it.

export interface PackedGraph {
  dag_id: string;
  version_number: number;
  tasks: string[];
  labels: Record<string, string>;
  operators: string[];
  operator_of: number[];
  groups: [id: string, parent: number, label: string | null][];
  group_of: number[];
  mapped: number[];
  setups: number[];
  teardowns: number[];
  edges: number[];
  edge_labels: [from: number, to: number, word: string][];
  assets: [name: string, uri: string][];
  starts: number[];
  uses: [task: number, asset: number][];
  makes: [task: number, asset: number][];
}

export interface Child {
  kind: "task" | "group";
  at: number;
}

export interface Graph extends PackedGraph {
  /** What stands directly in each group (−1: in none), upstream before downstream. */
  children: Map<number, Child[]>;
  isMapped: Set<number>;
  membersOf: (group: number) => Int32Array;
}

export function graphOf(packed: PackedGraph): Graph {
  const rank = ranks(packed.tasks.length, packed.edges);
  const children = new Map<number, Child[]>();
  const rankOf = new Map<number, number>(); // of groups: that of its first task
  const listOf = (group: number) => {
    let list = children.get(group);
    if (list === undefined) children.set(group, (list = []));
    return list;
  };
  for (const [place, group] of packed.group_of.entries()) {
    listOf(group).push({ kind: "task", at: place });
    for (let at = group; at >= 0; at = packed.groups[at]![1]) {
      rankOf.set(at, Math.min(rankOf.get(at) ?? Infinity, rank[place]!));
    }
  }
  for (const [at, [, parent]] of packed.groups.entries()) if (rankOf.has(at)) listOf(parent).push({ kind: "group", at });
  const by = (one: Child) => (one.kind === "task" ? rank[one.at]! : rankOf.get(one.at)!);
  for (const list of children.values()) list.sort((a, b) => by(a) - by(b));
  const members = new Map<number, Int32Array>();
  const membersOf = (group: number): Int32Array => {
    let found = members.get(group);
    if (found === undefined) {
      const all = (children.get(group) ?? []).flatMap((one) => (one.kind === "task" ? [one.at] : [...membersOf(one.at)]));
      members.set(group, (found = Int32Array.from(all)));
    }
    return found;
  };
  return { ...packed, children, isMapped: new Set(packed.mapped), membersOf };
}

/** The place of each in an order in which what is upstream comes first; among equals, as the file has them. */
export function ranks(many: number, edges: number[]): Int32Array {
  const waits = new Int32Array(many);
  const downs: number[][] = Array.from({ length: many }, () => []);
  for (let at = 0; at < edges.length; at += 2) {
    downs[edges[at]!]!.push(edges[at + 1]!);
    waits[edges[at + 1]!]! += 1;
  }
  const rank = new Int32Array(many).fill(many);
  // Depth first from what waits for nothing, so that a branch stays together.
  const stack: number[] = [];
  for (let at = many - 1; at >= 0; at--) if (waits[at] === 0) stack.push(at);
  let next = 0;
  while (stack.length > 0) {
    const at = stack.pop()!;
    rank[at] = next++;
    const ready: number[] = [];
    for (const down of downs[at]!) if (--waits[down]! === 0) ready.push(down);
    ready.sort((a, b) => b - a);
    stack.push(...ready);
  }
  return rank;
}

/** Above this many tasks groups stand folded. */
export const OPEN_MAX = 60;
