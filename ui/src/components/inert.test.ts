// Texts of authors are texts, in docs and in pictures that leave the page.
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { drawingOf } from "~/models/drawing.model";
import { graphOf } from "~/models/graph.model";
import { laidOut } from "~/models/layout.model";
import { TASK_STATES } from "~/models/states.model";
import { svgOf } from "./graph/exporting";
import type { Ink } from "./grid/glyphs";
import Markdown from "./Markdown";

const HOSTILE = [
  "<script>alert(1)</script>",
  '<img src=x onerror="alert(1)">',
  "[here](javascript:alert(1))",
  "[here](data:text/html,<script>alert(1)</script>)",
  "![picture](https://elsewhere.example/seen.png)",
  "<a href=\"javascript:alert(1)\">here</a>",
  "<svg/onload=alert(1)>",
];

it("makes nothing but text and links to the web of a doc", () => {
  const made = renderToStaticMarkup(createElement(Markdown, { text: ["# Title", ...HOSTILE, "[there](https://example.org)"].join("\n\n") }));
  expect(made).not.toMatch(/<(script|img|svg|iframe)|javascript:alert\(1\)"|href="data:|<[^>]* on\w+=/i);
  expect(made).toContain('href="https://example.org"');
  expect(made).toContain("<h3>Title</h3>");
});

it("keeps a doc that stands indented in its file from being code", () => {
  expect(renderToStaticMarkup(createElement(Markdown, { text: "\n    # Title\n\n    Words.\n    " }))).not.toContain("<pre>");
});

it("writes names into a picture as text", () => {
  const name = '"/></text><script>alert(1)</script>\u0000&';
  const nothing = { labels: {}, mapped: [], setups: [], teardowns: [], assets: [], starts: [], uses: [], makes: [] };
  const graph = graphOf({ ...nothing, dag_id: "d", version_number: 1, tasks: [name, "b"], operators: ["@task"], operator_of: [0, 0], groups: [[name, -1, null]], group_of: [0, -1], edges: [0, 1], edge_labels: [[0, 1, name]] });
  const drawing = drawingOf(graph, new Set(), true);
  const state = Object.fromEntries(TASK_STATES.map((one) => [one, "red"])) as Ink["state"];
  const ink: Ink = { state, bg: "w", raised: "w", sunk: "w", hover: "w", chosen: "w", line: "w", lineStrong: "w", text: "w", soft: "w", faint: "w", accent: "w" };
  const svg = svgOf({ title: name, graph, drawing, laid: laidOut(drawing.lay), cellOf: () => null, groupCell: () => null, ink });
  expect(svg).not.toContain("<script");
  expect(svg).not.toContain("\u0000");
  expect(svg).toContain("&lt;/text&gt;&lt;script&gt;");
});
