import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { TASK_STATES } from "~/models/states.model";

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf-8");
const tokens = (after: string) =>
  [...css.slice(css.indexOf(after)).split("}")[0]!.matchAll(/(--[\w-]+): ([^;]+);/g)].map(([, name, value]) => `${name}: ${value}`);

it("is as dark for who chose it as for whom the system asks for it", () => {
  const chosen = tokens(':root[data-theme="dark"] {');
  expect(chosen.length).toBeGreaterThan(30);
  expect(tokens(":root:not([data-theme]) {")).toEqual(chosen);
});

it("has a colour for every state, in light and dark", () => {
  for (const theme of ["light", "dark"]) {
    const names = tokens(`:root[data-theme="${theme}"] {`).map((one) => one.split(":")[0]);
    for (const state of TASK_STATES) expect(names).toContain(`--state-${state}`);
  }
});
