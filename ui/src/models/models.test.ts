import { describe, expect, it } from "vitest";
import type { Told } from "~/api/events";
import { compare, type DagList, dagsAfter, fits, type ListedDag } from "./dags.model";
import { shortly } from "./home.model";
import { links } from "./links.model";
import { found, score } from "./palette.model";
import { unpacked } from "./states.model";
import { absolute, duration, offsetOf, relative } from "./time.model";
import { zoneName } from "./zones.model";

const dag = (dag_id: string, more: Partial<ListedDag> = {}): ListedDag => ({
  dag_id,
  name: dag_id,
  description: null,
  paused: false,
  tags: [],
  owners: ["airflow"],
  schedule: null,
  schedule_words: null,
  next_at: null,
  file: null,
  bundle: null,
  version_number: 1,
  broken: false,
  has_params: false,
  active: 0,
  runs: [],
  ...more,
});
const list = (...dags: ListedDag[]): DagList => ({ now: 0, event: 1, dags, broken: [] });
const run = (before: string, after: string, at = 5): Told => ({
  id: 2,
  at,
  kind: "run",
  dag_id: "a",
  dag_run_id: "manual__1",
  data: [before, after, null],
});

describe("the list of DAGs", () => {
  it("shows a run as soon as its first event is there, and its end", () => {
    const begun = dagsAfter(list(dag("a")), run("queued", "running"));
    expect(begun.stale).toBe(true);
    expect(begun.next.dags[0]!.runs[0]!.slice(1, 4)).toEqual(["manual__1", "running", "manual"]);
    expect(begun.next.dags[0]!.active).toBe(1);
    const over = dagsAfter(begun.next, run("running", "success", 9));
    expect(over.stale).toBe(false);
    expect(over.next.dags[0]!.active).toBe(0);
    expect(over.next.dags[0]!.runs[0]!.slice(5, 7)).toEqual([5, 9]);
  });

  it("stays the same object where an event is none of its business", () => {
    const before = list(dag("a"));
    expect(dagsAfter(before, { ...run("", ""), kind: "moves" }).next).toBe(before);
  });

  it("finds by every word, in names, tags and owners", () => {
    const filter = { text: "news daily", tags: [], owner: "", state: "" };
    expect(fits(dag("financial_news", { tags: ["daily"] }), filter)).toBe(true);
    expect(fits(dag("financial_news"), filter)).toBe(false);
    expect(fits(dag("x", { paused: true }), { ...filter, text: "", state: "active" })).toBe(false);
  });

  it("orders numbers in names as numbers, and what is never due last", () => {
    expect(compare("name", dag("a2"), dag("a10"))).toBeLessThan(0);
    expect(compare("next", dag("a"), dag("b", { next_at: 5 }))).toBeGreaterThan(0);
  });
});

describe("times", () => {
  it("reads in one or two units", () => {
    expect([0.012, 1.26, 59.6, 200, 7500, 200000].map(duration)).toEqual(["12 ms", "1.3 s", "1 m", "3 m 20 s", "2 h 5 m", "2 d 7 h"]);
    expect([relative(10, 10.4), relative(0, 12), relative(7300, 0)]).toEqual(["now", "12 s ago", "in 2 h"]);
  });

  it("tells the moment in the zone that was chosen", () => {
    expect(absolute(1795928072, "UTC")).toBe("2026-11-29 04:54:32");
    expect(absolute(1795928072, "Asia/Tokyo")).toBe("2026-11-29 13:54:32");
  });
});

describe("the palette", () => {
  it("puts beginnings before middles before scattered letters", () => {
    const names = ["refinancing", "news_financial", "financial_news", "f_i_n"].map((label) => ({ id: label, label, group: "" }));
    expect(found(names, "fin", 9).map((one) => one.label)).toEqual(["financial_news", "news_financial", "refinancing", "f_i_n"]);
    expect(score("hello", "xyz")).toBe(0);
  });
});

it("keeps every sign of a name in its address", () => {
  expect(links.run("a/b", "manual__2026+00:00 ?#")).toBe("/dags/a%2Fb/runs/manual__2026%2B00%3A00%20%3F%23");
  expect(links.task("d", "r", "t", { map: -1, try: 2 })).toBe("/dags/d/runs/r/tasks/t?try=2");
});

it("unpacks states, and leaves out of a sentence what stands beside it", () => {
  expect(unpacked("4s1f2-")).toBe("ssssf--");
  expect(shortly("It has failed at 2026-11-29 05:34:45 UTC: compare failed: ValueError: no.")).toBe("compare failed: ValueError: no.");
});

describe("zones", () => {
  it("are called by their city first, and as it is called today", () => {
    expect(zoneName("America/Argentina/Buenos_Aires")).toBe("Buenos Aires, Argentina, America");
    expect(zoneName("Asia/Katmandu")).toBe("Kathmandu, Asia");
    expect(zoneName("UTC")).toBe("UTC");
  });

  it("say how far they are from UTC", () => {
    expect(offsetOf(0, "UTC")).toBe("");
    expect(offsetOf(1_770_000_000, "Asia/Kathmandu")).toBe("UTC+5:45");
  });
});

it("keeps the runs of one DAG from hiding all else that was found", () => {
  const runs = Array.from({ length: 30 }, (_, at) => ({ id: String(at), label: "hello", group: "Runs" }));
  const all = found([...runs, { id: "d", label: "hello there", group: "DAGs" }], "hello", 40, { Runs: 8 });
  expect(all.map((one) => one.group)).toEqual([...Array.from({ length: 8 }, () => "Runs"), "DAGs"]);
});
