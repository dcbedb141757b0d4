// The grid and, beside it, the cell that was chosen. What is chosen stands in the address.
import { useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { graphQuery, gridQuery, instancesQuery, readOlderRuns } from "~/api/dagQueries";
import { useKeys } from "~/app/keys";
import { go, setQuery, useAddress } from "~/app/router";
import { toastError } from "~/app/toasts";
import { Button } from "~/components/Button";
import { SearchInput } from "~/components/Field";
import { GridView, type Place } from "~/components/grid/GridView";
import { Beside } from "~/components/dag/Beside";
import { SidePanel } from "~/components/dag/SidePanel";
import { Empty, Failure, Waiting } from "~/components/Panel";
import { type Instances, type Row, rowsOf, sizesOf } from "~/models/grid.model";
import { OPEN_MAX } from "~/models/graph.model";
import { links } from "~/models/links.model";
import type { DagTabProps } from "../Dag";
import { Chosen } from "./Chosen";
import css from "./Grid.module.css";

const UNFOLDED_MAX = 8; // mapped tasks whose instances are read

/** Kept while one is on other pages. */
const foldings = new Map<string, ReadonlySet<string>>();

export default function Grid({ dagId }: DagTabProps) {
  const client = useQueryClient();
  const gridAsked = useQuery(gridQuery(dagId));
  const graphAsked = useQuery(graphQuery(dagId));
  const [turned, setTurned] = useState(() => foldings.get(dagId) ?? new Set<string>());
  const [text, setText] = useState("");
  const address = useAddress();
  const asked = useMemo(() => new URLSearchParams(address.split("?")[1]), [address]);
  const grid = gridAsked.data;
  const graph = graphAsked.data ?? null;
  const sizes = useMemo(() => (grid === undefined ? new Map<number, number>() : sizesOf(grid)), [grid]);
  const sizesKey = [...sizes].join();
  const groupsOpen = (grid?.tasks.length ?? 0) <= OPEN_MAX;
  const rows = useMemo(() => {
    if (grid === undefined) return [];
    const word = text.trim().toLowerCase();
    if (word === "") return rowsOf(grid.tasks, graph, sizes, { turned, groupsOpen });
    // What is looked for is shown wherever it is folded away.
    return rowsOf(grid.tasks, null, sizes, { turned, groupsOpen }).filter((row) => row.taskId.toLowerCase().includes(word));
  }, [grid?.tasks, graph, sizesKey, turned, groupsOpen, text]);

  const unfolded = useMemo(() => rows.filter((row) => row.kind === "task" && row.open).map((row) => row.taskId), [rows]).slice(0, UNFOLDED_MAX);
  const tables = useQueries({ queries: unfolded.map((taskId) => instancesQuery(dagId, taskId, grid?.runs.length ?? 0)) });
  const instances: Instances = useMemo(
    () => new Map(tables.flatMap(({ data }) => (data === undefined ? [] : [[data.taskId, data.runs] as const]))),
    [tables.map(({ data }) => data?.event).join(), tables.map(({ dataUpdatedAt }) => dataUpdatedAt).join()],
  );

  const runId = asked.get("run");
  const taskId = asked.get("task");
  const group = asked.get("group");
  const map = asked.get("map");
  const chosen: Place | null = useMemo(() => {
    if (grid === undefined || runId === null) return null;
    const column = grid.runs.findIndex((run) => run.runId === runId);
    if (column < 0) return null;
    const key = group !== null ? `g:${group}` : taskId === null ? null : `t:${taskId}${map === null ? "" : `[${map}]`}`;
    return { row: key === null ? -1 : rows.findIndex((row) => row.key === key), column };
  }, [grid?.runs, rows, runId, taskId, group, map]);
  const choose = useCallback(
    ({ row, column }: Place) => {
      const run = grid?.runs[column];
      const found = rows[row];
      if (run === undefined) return;
      setQuery({
        run: run.runId,
        task: found !== undefined && found.kind !== "group" ? found.taskId : null,
        group: found?.kind === "group" ? found.taskId : null,
        map: found?.kind === "instance" ? String(found.mapIndex) : null,
        try: null,
      });
    },
    [grid?.runs, rows],
  );
  const toggle = useCallback(
    (row: Row) => {
      setTurned((before) => {
        const next = new Set(before);
        if (!next.delete(row.key)) next.add(row.key);
        foldings.set(dagId, next);
        return next;
      });
    },
    [dagId],
  );
  const open = (place: Place) => {
    const row = rows[place.row];
    const run = grid?.runs[place.column];
    if (run === undefined) return;
    if (row === undefined) go(links.run(dagId, run.runId));
    else if (row.kind === "group") toggle(row);
    else go(links.task(dagId, run.runId, row.taskId, { map: row.mapIndex, tab: asked.get("tab") ?? undefined }));
  };
  const foldAll = (isOpen: boolean) => {
    const keys = graph === null ? [] : graph.groups.map(([id]) => `g:${id}`);
    const next = new Set(isOpen === groupsOpen ? [] : keys);
    foldings.set(dagId, next);
    setTurned(next);
  };
  const close = () => setQuery({ run: null, task: null, group: null, map: null });
  useKeys([
    { keys: "/", label: "Find a task", group: "The grid", run: () => document.getElementById("grid-search")?.focus() },
    { keys: "l", label: "Log of the chosen cell", group: "The grid", run: () => taskId !== null && setQuery({ tab: "log" }) },
    { keys: "c", label: "Clear the chosen cell", group: "The grid", run: () => clearChosen() },
    { keys: "Escape", label: "Close what is chosen", group: "The grid", run: close },
    { keys: "e", label: "Unfold all groups", group: "The grid", run: () => foldAll(true) },
    { keys: "E", label: "Fold all groups", group: "The grid", run: () => foldAll(false) },
  ]);
  // Arrows walk the grid as soon as it is there.
  const isThere = grid !== undefined;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const nobody = document.activeElement === document.body || document.activeElement?.id === "page";
    if (isThere && nobody) box.current?.querySelector<HTMLElement>("[role=grid]")?.focus({ preventScroll: true });
  }, [isThere]);

  if (grid === undefined) {
    return gridAsked.error !== null ? <Failure error={gridAsked.error} again={() => void gridAsked.refetch()} /> : <Waiting rows={14} />;
  }
  if (grid.runs.length === 0) {
    return (
      <Empty title="There are no runs yet.">
        <p>Its {grid.tasks.length} tasks will stand here, a row each, with a column for each run. Trigger one, or unpause the DAG and wait for its schedule.</p>
      </Empty>
    );
  }
  return (
    <Beside
      main={box}
      side={
        runId !== null && (
          <SidePanel label="What is chosen" onClose={close}>
            <Chosen dagId={dagId} runId={runId} taskId={taskId} group={group} mapIndex={map === null ? -1 : Number(map)} grid={grid} graph={graph} />
          </SidePanel>
        )
      }
    >
      <div className={css.tools}>
        <div className={css.search}>
          <SearchInput id="grid-search" label="Find a task" hint="Find a task  ( / )" value={text} onChange={setText} />
        </div>
        {graph !== null && graph.groups.length > 0 && (
          <>
            <Button size="small" kind="quiet" onClick={() => foldAll(true)}>
              Unfold
            </Button>
            <Button size="small" kind="quiet" onClick={() => foldAll(false)}>
              Fold
            </Button>
          </>
        )}
        <span className={css.count} role="status">
          {rows.length === grid.tasks.length ? `${grid.tasks.length} tasks` : `${rows.length} rows of ${grid.tasks.length} tasks`}
        </span>
      </div>
      <GridView
        grid={grid}
        rows={rows}
        instances={instances}
        chosen={chosen}
        onChoose={choose}
        onToggle={toggle}
        onOpen={open}
        onOlder={() => void readOlderRuns(client, dagId).catch(toastError)}
        label={`Runs and tasks of ${dagId}`}
      />
    </Beside>
  );
}

/** The panel's own button does it, with a preview of what is touched. */
function clearChosen(): void {
  const buttons = document.querySelectorAll<HTMLButtonElement>("aside button");
  [...buttons].find((one) => /^clear/i.test(one.textContent?.trim() ?? ""))?.click();
}
