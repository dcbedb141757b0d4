// The graph of a DAG as it stands in a run, and, beside it, the task that was chosen.
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { graphQuery, gridQuery } from "~/api/dagQueries";
import { useKeys } from "~/app/keys";
import { go, setQuery, useQuery as useAddressed } from "~/app/router";
import { toastError } from "~/app/toasts";
import { RunChooser } from "~/components/dag/RunChooser";
import { SidePanel } from "~/components/dag/SidePanel";
import { GraphView } from "~/components/graph/GraphView";
import { useLayout } from "~/components/graph/useLayout";
import { inkOf } from "~/components/grid/glyphs";
import { Menu } from "~/components/Menu";
import { Failure, Waiting } from "~/components/Panel";
import { drawingOf } from "~/models/drawing.model";
import { OPEN_MAX } from "~/models/graph.model";
import { type Cell, cellOf as cellOfRow, type Row } from "~/models/grid.model";
import { links } from "~/models/links.model";
import type { DagTabProps } from "../Dag";
import { Chosen } from "./Chosen";
import css from "./Graph.module.css";

const foldings = new Map<string, ReadonlySet<string>>();

export default function Graph({ dagId }: DagTabProps) {
  const gridAsked = useQuery(gridQuery(dagId));
  const grid = gridAsked.data;
  const [askedRun] = useAddressed("run");
  const [taskId] = useAddressed("task");
  const [assets, setAssets] = useAddressed("assets", "shown");
  const runs = grid?.runs ?? [];
  const run = askedRun === "" ? runs[runs.length - 1] : runs.find((one) => one.runId === askedRun);
  // The run's own version is what is drawn.
  const version = run !== undefined && run.version !== grid?.version ? run.version : undefined;
  const graphAsked = useQuery(graphQuery(dagId, version));
  const graph = graphAsked.data;
  const [turned, setTurned] = useState<ReadonlySet<string> | null>(() => foldings.get(dagId) ?? null);
  const folded = useMemo(() => turned ?? new Set((graph?.tasks.length ?? 0) > OPEN_MAX ? graph!.groups.map(([id]) => id) : []), [turned, graph]);
  const drawing = useMemo(() => (graph === undefined ? null : drawingOf(graph, folded, assets === "shown")), [graph, folded, assets]);
  const found = useLayout(drawing);
  const cellOf = useCallback(
    (task: string): Cell | null => {
      const place = grid?.place.get(task);
      return run === undefined || place === undefined ? null : { code: run.cells[place]!, counts: run.mapped.get(place) ?? null };
    },
    [run, grid?.place],
  );
  const groupCell = useCallback(
    (group: number): Cell | null => {
      if (run === undefined || graph === undefined || version !== undefined) return null;
      const row: Row = { key: `g:${graph.groups[group]![0]}`, kind: "group", label: "", depth: 0, taskId: "", place: -1, mapIndex: -1, folds: true, open: false, members: graph.membersOf(group), many: 0 };
      return cellOfRow(run, row, new Map());
    },
    [run, graph, version],
  );
  const fold = (next: ReadonlySet<string>) => {
    foldings.set(dagId, next);
    setTurned(next);
  };
  const close = () => setQuery({ task: null, map: null });
  useKeys([
    { keys: "Escape", label: "Close what is chosen", group: "The graph", run: close },
    { keys: "e", label: "Unfold all groups", group: "The graph", run: () => fold(new Set()) },
    { keys: "E", label: "Fold all groups", group: "The graph", run: () => fold(new Set(graph?.groups.map(([id]) => id))) },
  ]);
  const error = gridAsked.error ?? graphAsked.error;
  if (graph === undefined || grid === undefined || found === null) {
    return error !== null ? <Failure error={error} again={() => void graphAsked.refetch()} /> : <Waiting rows={10} />;
  }
  const save = async (kind: "svg" | "png") => {
    try {
      const { download, pngOf, svgOf } = await import("~/components/graph/exporting");
      const title = run === undefined ? dagId : `${dagId} · ${run.runId}`;
      const svg = svgOf({ title, graph, ...found, cellOf, groupCell, ink: inkOf(document.documentElement) });
      download(`${dagId}.${kind}`, kind === "svg" ? new Blob([svg], { type: "image/svg+xml" }) : await pngOf(svg));
    } catch (problem) {
      toastError(problem);
    }
  };
  const open = (task: string) => run !== undefined && go(links.task(dagId, run.runId, task));
  return (
    <div className={css.page} data-chosen={(taskId !== "" && run !== undefined) || undefined}>
      <div className={css.main}>
        <div className={css.head}>
          {runs.length > 0 ? <RunChooser runs={runs} chosen={run?.runId ?? askedRun} onChoose={(next) => setQuery({ run: next })} /> : <span className={css.soft}>There are no runs yet.</span>}
          {version !== undefined && <span className={css.soft}>version {version}</span>}
          <span className={css.tools}>
            {graph.groups.length > 0 && (
              <Menu
                size="small"
                label="Groups"
                button="Groups"
                items={[
                  { id: "open", label: "Unfold all", hint: "e", onChoose: () => fold(new Set()) },
                  { id: "fold", label: "Fold all", hint: "E", onChoose: () => fold(new Set(graph.groups.map(([id]) => id))) },
                ]}
              />
            )}
            <Menu
              size="small"
              label="The picture"
              button="Picture"
              items={[
                ...(graph.assets.length > 0 ? [{ id: "assets", label: "With assets", checked: assets === "shown", onChoose: () => setAssets(assets === "shown" ? "hidden" : "shown") }] : []),
                { id: "svg", label: "Save as SVG", onChoose: () => void save("svg") },
                { id: "png", label: "Save as PNG", onChoose: () => void save("png") },
              ]}
            />
          </span>
        </div>
        <GraphView
          graph={graph}
          {...found}
          cellOf={cellOf}
          groupCell={groupCell}
          chosen={taskId === "" ? null : taskId}
          folded={folded}
          onChoose={(task) => setQuery({ task, map: null })}
          onFold={(group) => {
            const next = new Set(folded);
            if (!next.delete(group)) next.add(group);
            fold(next);
          }}
          onOpen={open}
          label={`The graph of ${dagId}`}
          place={dagId}
        />
      </div>
      {taskId !== "" && run !== undefined && (
        <SidePanel label="What is chosen" onClose={close}>
          <Chosen dagId={dagId} runId={run.runId} taskId={taskId} group={null} mapIndex={-1} grid={grid} graph={graph} />
        </SidePanel>
      )}
    </div>
  );
}
