// What the palette finds for what was typed, best first.

export interface Choice {
  id: string;
  label: string;
  hint?: string | undefined;
  group: string;
  words?: string | undefined;
}

/** How well a text fits: 0 not at all. Whole words and beginnings win over letters in order. */
export function score(text: string, typed: string): number {
  const there = text.toLowerCase();
  const wanted = typed.toLowerCase().trim();
  if (wanted === "") return 1;
  if (there === wanted) return 100;
  if (there.startsWith(wanted)) return 80 - Math.min(20, there.length - wanted.length) / 4;
  const at = there.indexOf(wanted);
  if (at > 0) return (/[^a-z0-9]/.test(there[at - 1]!) ? 60 : 45) - Math.min(10, at) / 4;
  const words = wanted.split(/\s+/);
  if (words.length > 1) {
    const each = words.map((word) => score(there, word));
    return each.every((one) => one > 0) ? Math.min(...each) * 0.9 : 0;
  }
  let place = 0;
  let gaps = 0;
  for (const letter of wanted) {
    const next = there.indexOf(letter, place);
    if (next < 0) return 0;
    gaps += next - place;
    place = next + 1;
  }
  return Math.max(1, 25 - gaps);
}

/** `most`: of a group, so many at the most. */
export function found<T extends Choice>(choices: T[], typed: string, many: number, most: Record<string, number> = {}): T[] {
  const had = new Map<string, number>();
  return choices
    .map((one) => ({ one, points: Math.max(score(one.label, typed), one.words ? score(one.words, typed) * 0.7 : 0) }))
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points)
    .map(({ one }) => one)
    .filter(({ group }) => {
      const n = (had.get(group) ?? 0) + 1;
      had.set(group, n);
      return n <= (most[group] ?? many);
    })
    .slice(0, many);
}
