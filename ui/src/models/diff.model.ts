// Two texts side by side of one another, line by line: what went, what came, and the unchanged lines around.
import { diffLines } from "diff";

export interface DiffLine {
  kind: "same" | "gone" | "new" | "gap";
  before: number | null;
  after: number | null;
  text: string;
}

const AROUND = 3;

/** Unchanged stretches are cut to what stands around changes; a gap says how many lines it leaves out. */
export function differing(before: string, after: string, around = AROUND): DiffLine[] {
  const all: DiffLine[] = [];
  let left = 1;
  let right = 1;
  for (const part of diffLines(before, after)) {
    for (const text of part.value.replace(/\n$/, "").split("\n")) {
      if (part.added) all.push({ kind: "new", before: null, after: right++, text });
      else if (part.removed) all.push({ kind: "gone", before: left++, after: null, text });
      else all.push({ kind: "same", before: left++, after: right++, text });
    }
  }
  const near = new Uint8Array(all.length);
  for (const [at, line] of all.entries()) {
    if (line.kind !== "same") near.fill(1, Math.max(0, at - around), Math.min(all.length, at + around + 1));
  }
  const shown: DiffLine[] = [];
  let left_out = 0;
  const close = () => {
    if (left_out > 0) shown.push({ kind: "gap", before: null, after: null, text: `${left_out} lines alike` });
    left_out = 0;
  };
  for (const [at, line] of all.entries()) {
    if (near[at] === 0) left_out += 1;
    else {
      close();
      shown.push(line);
    }
  }
  close();
  return shown;
}

export function changes(lines: DiffLine[]): { gone: number; come: number } {
  return { gone: lines.filter((one) => one.kind === "gone").length, come: lines.filter((one) => one.kind === "new").length };
}
