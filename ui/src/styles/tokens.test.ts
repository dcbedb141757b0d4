import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { TASK_STATES } from "~/models/states.model";

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf-8");
const tokens = new Map([...css.matchAll(/(--[\w-]+):\s+([^;]+);/g)].map(([, name, value]) => [name!, value!]));

it("has a colour for every state", () => {
  for (const state of TASK_STATES) expect([...tokens.keys()]).toContain(`--state-${state}`);
});

it("says every colour for light and for dark", () => {
  const colours = [...tokens].filter(([, value]) => value.includes("oklch"));
  expect(colours.length).toBeGreaterThan(30);
  for (const [name, value] of colours) {
    const said = value.match(/oklch\([^)]*\)/g)!.length;
    expect(value.match(/light-dark\(oklch\([^)]*\), oklch\([^)]*\)\)/g)?.length, name).toBe(said / 2);
  }
});
