// A graph as a picture of its own: an SVG that needs nothing of this page, and a PNG made from it.
import type { Drawing } from "~/models/drawing.model";
import type { Graph } from "~/models/graph.model";
import { type Cell, stateAt } from "~/models/grid.model";
import { type Box, type Laid, middleOf, pathOf } from "~/models/layout.model";
import { wordOf } from "~/models/states.model";
import { type Ink, SHAPES } from "../grid/glyphs";

export interface Pictured {
  title: string;
  graph: Graph;
  drawing: Drawing;
  laid: Laid;
  cellOf: (taskId: string) => Cell | null;
  groupCell: (group: number) => Cell | null;
  ink: Ink;
}

const EDGE = 24;
const HEAD = 34;
const PNG_SIDE_MAX = 12_000;
const FONT = "Inter, system-ui, -apple-system, Segoe UI, sans-serif";

function escaped(text: string): string {
  // What XML cannot hold is left out, the rest is written as text.
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "").replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

export function svgOf({ title, graph, drawing, laid, cellOf, groupCell, ink }: Pictured): string {
  const width = Math.ceil(laid.width + 2 * EDGE);
  const height = Math.ceil(laid.height + 2 * EDGE + HEAD);
  const parts: string[] = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}" font-size="13">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" fill="${ink.bg}"/>`,
    `<text x="${EDGE}" y="28" font-size="15" font-weight="600" fill="${ink.text}">${escaped(title)}</text>`,
    `<g transform="translate(${EDGE} ${EDGE + HEAD})">`,
  ];
  for (const [at, box] of laid.groups.entries()) if (box !== null) parts.push(groupPart(graph, at, box, laid, groupCell(at), ink));
  for (const edge of laid.edges) {
    parts.push(`<path d="${pathOf(edge.points)}" fill="none" stroke="${ink.lineStrong}" stroke-width="${edge.many > 1 ? 2.2 : 1.4}"/>`);
    const word = drawing.words.get(`${edge.from} ${edge.to}`);
    const [x, y] = middleOf(edge.points);
    if (word !== undefined) parts.push(`<text x="${x}" y="${y - 5}" font-size="11" text-anchor="middle" fill="${ink.soft}">${escaped(word)}</text>`);
  }
  for (const [at, box] of laid.nodes.entries()) {
    if (box === null) continue;
    const node = drawing.nodes[at]!;
    if (node.kind === "asset") parts.push(boxPart(box, node.label, null, 17, ink, ' stroke-dasharray="4 3"'));
    else parts.push(boxPart(box, graph.isMapped.has(node.at) ? `${node.label} ×${cellOf(graph.tasks[node.at]!)?.counts?.n ?? "n"}` : node.label, cellOf(graph.tasks[node.at]!), 7, ink));
  }
  parts.push("</g></svg>");
  return parts.join("\n");
}

function boxPart(box: Box, label: string, cell: Cell | null, radius: number, ink: Ink, more = ""): string {
  const state = cell === null ? null : stateAt(cell.code);
  const stroke = state === "failed" || state === "running" ? ink.state[state] : ink.lineStrong;
  const glyph = state === null ? "" : glyphPart(state, ink, 10, box.height / 2 - 7);
  const left = state === null ? 10 : 30;
  const room = Math.floor((box.width - left - 8) / 6.6);
  const text = label.length > room ? `${label.slice(0, Math.max(1, room - 1))}…` : label;
  const words = state === null ? label : `${label}: ${wordOf(state)}`;
  return (
    `<g transform="translate(${box.x.toFixed(1)} ${box.y.toFixed(1)})"><title>${escaped(words)}</title>` +
    `<rect width="${box.width}" height="${box.height}" rx="${radius}" fill="${ink.raised}" stroke="${stroke}"${more}/>${glyph}` +
    `<text x="${left}" y="${box.height / 2 + 4.5}" fill="${ink.text}">${escaped(text)}</text></g>`
  );
}

function groupPart(graph: Graph, at: number, box: Box, laid: Laid, cell: Cell | null, ink: Ink): string {
  const [id, , label] = graph.groups[at]!;
  const name = label ?? id.split(".").pop()!;
  if (laid.nodes[graph.membersOf(at)[0] ?? -1] === null) return boxPart(box, `${name} (${graph.membersOf(at).length})`, cell, 10, ink, ' stroke-width="2"');
  return (
    `<g transform="translate(${box.x.toFixed(1)} ${box.y.toFixed(1)})"><rect width="${box.width}" height="${box.height}" rx="10" fill="${ink.sunk}" stroke="${ink.line}"/>` +
    `<text x="12" y="17" font-size="11.5" font-weight="500" fill="${ink.soft}">${escaped(name)}</text></g>`
  );
}

function glyphPart(state: keyof typeof SHAPES, ink: Ink, x: number, y: number): string {
  const { fill, stroke, width, dash, over, faint } = SHAPES[state];
  const colour = ink.state[state];
  const line = 'fill="none" stroke-linecap="round" stroke-linejoin="round"';
  return [
    `<g transform="translate(${x} ${y}) scale(0.875)">`,
    faint === undefined ? "" : `<path d="${faint}" ${line} stroke="${colour}" stroke-opacity="0.35" stroke-width="1.6"/>`,
    fill === undefined ? "" : `<path d="${fill}" fill="${colour}"/>`,
    stroke === undefined ? "" : `<path d="${stroke}" ${line} stroke="${colour}" stroke-width="${width ?? 1.6}"${dash ? ` stroke-dasharray="${dash.join(" ")}"` : ""}/>`,
    over === undefined ? "" : `<path d="${over}" ${line} stroke="${ink.bg}" stroke-width="1.7"/>`,
    "</g>",
  ].join("");
}

export async function pngOf(svg: string): Promise<Blob> {
  const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const scale = Math.min(2, PNG_SIDE_MAX / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.width * scale);
    canvas.height = Math.round(image.height * scale);
    canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
    if (blob === null) throw new Error("The picture is too large for a PNG; an SVG has no limit.");
    return blob;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** Hands a file to whoever looks at the page. */
export function download(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
