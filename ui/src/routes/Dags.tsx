// The DAGs: the list, what is looked for in it (in the address), pausing and starting.
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useDeferredValue, useMemo, useState } from "react";
import { setPaused, startRun } from "~/api/actions";
import { dagsQuery } from "~/api/queries";
import { useCommands } from "~/app/commands";
import { useKeys } from "~/app/keys";
import { type Params, setQuery, useQuery as useAddressed } from "~/app/router";
import { useMay } from "~/app/session";
import { BrokenFiles } from "~/components/dags/BrokenFiles";
import { DagFilters } from "~/components/dags/DagFilters";
import { DagTable } from "~/components/dags/DagTable";
import { PausedDialog } from "~/components/dags/PausedDialog";
import { Failure, Waiting } from "~/components/Panel";
import { compare, type DagOrder, fits, type ListedDag, ownersOf, tagsOf } from "~/models/dags.model";
import css from "./Dags.module.css";

// Its form is large, and seldom asked for.
const TriggerDialog = lazy(() => import("~/components/trigger/TriggerDialog").then((one) => ({ default: one.TriggerDialog })));

export default function Dags(_: { params: Params }) {
  const dags = useQuery(dagsQuery());
  const [text, setText] = useAddressed("q");
  const [tags] = useAddressed("tags");
  const [owner] = useAddressed("owner");
  const [state] = useAddressed("state");
  const [sort, setSort] = useAddressed("sort", "name");
  const [asks, setAsks] = useState<ListedDag | null>(null);
  const [fills, setFills] = useState<ListedDag | null>(null);
  const mayWrite = useMay("dags:write");
  const wanted = useDeferredValue(text);
  const list = dags.data;
  const chosen = useMemo(() => tags.split(",").filter(Boolean), [tags]);
  const rows = useMemo(() => {
    const falls = sort.startsWith("-");
    const order = sort.replace("-", "") as DagOrder;
    return (list?.dags ?? [])
      .filter((dag) => fits(dag, { text: wanted, tags: chosen, owner, state }))
      .sort((a, b) => (falls ? compare(order, b, a) : compare(order, a, b)));
  }, [list, wanted, chosen, owner, state, sort]);
  useKeys([{ keys: "/", label: "Search the DAGs", run: () => document.getElementById("dags-search")?.focus() }]);
  useCommands([
    { id: "paused", label: "Show paused DAGs", run: () => setQuery({ state: "paused" }) },
    { id: "failed", label: "Show DAGs whose last run failed", run: () => setQuery({ state: "failed" }) },
  ]);
  if (list === undefined) {
    return dags.error !== null ? <Failure error={dags.error} again={() => void dags.refetch()} /> : <Waiting rows={12} />;
  }
  const trigger = (dag: ListedDag) => {
    if (dag.has_params) setFills(dag);
    else if (dag.paused) setAsks(dag);
    else void startRun(dag.dag_id);
  };
  return (
    <div className={css.page}>
      <DagFilters
        shown={rows.length}
        all={list.dags.length}
        text={text}
        tags={tagsOf(list.dags)}
        chosen={chosen}
        owners={ownersOf(list.dags)}
        owner={owner}
        state={state}
        onText={setText}
        onTags={(next) => setQuery({ tags: next.join(",") || null })}
        onOwner={(next) => setQuery({ owner: next || null })}
        onState={(next) => setQuery({ state: next || null })}
      />
      <BrokenFiles files={list.broken} />
      <div className={css.table}>
        <DagTable
          rows={rows}
          sort={sort}
          onSort={(next) => setSort(next)}
          mayWrite={mayWrite}
          filtered={list.dags.length > 0}
          onPause={(dag, paused) => void setPaused(dag.dag_id, paused)}
          onTrigger={trigger}
          onTag={(tag) => setQuery({ tags: [...new Set([...chosen, tag])].join(",") })}
          onClear={() => setQuery({ q: null, tags: null, owner: null, state: null })}
        />
      </div>
      {fills !== null && (
        <Suspense>
          <TriggerDialog dagId={fills.dag_id} onClose={() => setFills(null)} />
        </Suspense>
      )}
      {asks !== null && (
        <PausedDialog
          dag={asks}
          onClose={() => setAsks(null)}
          onRun={(unpause) => {
            setAsks(null);
            void (async () => {
              if (unpause) await setPaused(asks.dag_id, false, true);
              await startRun(asks.dag_id);
            })();
          }}
        />
      )}
    </div>
  );
}
