// Colours that programs write into what they print: a line as parts, each with the little that is kept of its look.
// Every other sequence for a terminal is taken away, and nothing is ever read as markup.

export const HUES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;
export type Hue = (typeof HUES)[number];

export interface Part {
  text: string;
  hue?: Hue;
  back?: Hue;
  bold?: boolean;
  dim?: boolean;
  italic?: boolean;
  underline?: boolean;
}

type Look = Omit<Part, "text">;

// eslint-disable-next-line no-control-regex
const SEQUENCE = /\x1b(?:\[([0-9;:]*)([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g;
// eslint-disable-next-line no-control-regex
const UNSEEN = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g;

export function partsOf(text: string): Part[] {
  const plain = text.includes("\x1b") ? null : clean(text);
  if (plain !== null) return [{ text: plain }];
  const parts: Part[] = [];
  let look: Look = {};
  let at = 0;
  for (const found of text.matchAll(SEQUENCE)) {
    push(parts, text.slice(at, found.index), look);
    at = found.index + found[0].length;
    if (found[2] === "m") look = after(look, found[1] ?? "");
  }
  push(parts, text.slice(at), look);
  return parts.length === 0 ? [{ text: "" }] : parts;
}

function clean(text: string): string {
  return text.replace(UNSEEN, "");
}

function push(parts: Part[], text: string, look: Look): void {
  const seen = clean(text);
  if (seen !== "") parts.push({ text: seen, ...look });
}

function after(before: Look, codes: string): Look {
  const all = codes.split(/[;:]/).map((one) => (one === "" ? 0 : Number(one)));
  let look: Look = { ...before };
  for (let at = 0; at < all.length; at++) {
    const code = all[at]!;
    if (code === 0) look = {};
    else if (code === 1) look.bold = true;
    else if (code === 2) look.dim = true;
    else if (code === 3) look.italic = true;
    else if (code === 4) look.underline = true;
    else if (code === 22) look = without(look, "bold", "dim");
    else if (code === 23) look = without(look, "italic");
    else if (code === 24) look = without(look, "underline");
    else if (code >= 30 && code <= 37) look.hue = HUES[code - 30]!;
    else if (code >= 90 && code <= 97) look.hue = HUES[code - 90]!;
    else if (code === 39) look = without(look, "hue");
    else if (code >= 40 && code <= 47) look.back = HUES[code - 40]!;
    else if (code >= 100 && code <= 107) look.back = HUES[code - 100]!;
    else if (code === 49) look = without(look, "back");
    else if (code === 38 || code === 48) {
      const [hue, used] = far(all.slice(at + 1));
      at += used;
      if (hue !== null) look[code === 38 ? "hue" : "back"] = hue;
    }
  }
  return look;
}

function without(look: Look, ...names: (keyof Look)[]): Look {
  const kept = { ...look };
  for (const name of names) delete kept[name];
  return kept;
}

/** One of 256, or of all colours: the nearest of ours, so that it can be read in light and dark. */
function far(rest: number[]): [Hue | null, number] {
  if (rest[0] === 5) {
    const n = rest[1] ?? 0;
    if (n < 16) return [HUES[n % 8]!, 2];
    if (n >= 232) return [n < 244 ? "black" : "white", 2];
    const cube = n - 16;
    return [nearest(Math.floor(cube / 36) / 5, (Math.floor(cube / 6) % 6) / 5, (cube % 6) / 5), 2];
  }
  if (rest[0] === 2) return [nearest((rest[1] ?? 0) / 255, (rest[2] ?? 0) / 255, (rest[3] ?? 0) / 255), 4];
  return [null, 1];
}

function nearest(r: number, g: number, b: number): Hue {
  const most = Math.max(r, g, b);
  const least = Math.min(r, g, b);
  if (most - least < 0.15) return most < 0.45 ? "black" : "white";
  const high = (one: number) => one > (most + least) / 2;
  return HUES[(high(r) ? 1 : 0) + (high(g) ? 2 : 0) + (high(b) ? 4 : 0)]!;
}
