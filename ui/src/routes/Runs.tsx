// All runs of all DAGs: filters in the address, and what is done to those that are chosen.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useDeferredValue, useMemo, useState } from "react";
import { clearRuns, markRuns, runsQuery, wouldClear } from "~/api/runs";
import { useKeys } from "~/app/keys";
import { type Params, setQuery, useQuery as useAddressed } from "~/app/router";
import { useMay } from "~/app/session";
import { Failure, Waiting } from "~/components/Panel";
import { type BulkAction, BulkDialog } from "~/components/runs/BulkDialog";
import { RunFilters } from "~/components/runs/RunFilters";
import { RunTable } from "~/components/runs/RunTable";
import { keyOf, rowsOf } from "~/models/run-list.model";
import { isOpenRun } from "~/models/states.model";
import css from "./Dags.module.css";

const NONE: ReadonlySet<string> = new Set();

export default function Runs(_: { params: Params }) {
  const [dag, setDag] = useAddressed("dag");
  const [states] = useAddressed("state");
  const [types] = useAddressed("type");
  const [since] = useAddressed("since");
  const [sort, setSort] = useAddressed("sort", "-id");
  const [chosen, setChosen] = useState(NONE);
  const [asks, setAsks] = useState<BulkAction | null>(null);
  const mayWrite = useMay("runs:write");
  const wanted = useDeferredValue(dag);
  const filter = useMemo(
    () => ({ dag: wanted, states: states.split(",").filter(Boolean), types: types.split(",").filter(Boolean), since, sort }),
    [wanted, states, types, since, sort],
  );
  const runs = useInfiniteQuery({ ...runsQuery(filter), placeholderData: (before) => before });
  const rows = useMemo(() => rowsOf(runs.data), [runs.data]);
  const picked = useMemo(() => rows.filter((run) => chosen.has(keyOf(run))), [rows, chosen]);
  const more = useCallback(() => {
    if (runs.hasNextPage && !runs.isFetching) void runs.fetchNextPage();
  }, [runs.hasNextPage, runs.isFetching, runs.fetchNextPage]);
  useKeys([
    { keys: "/", label: "Filter by DAG", run: () => document.getElementById("runs-dag")?.focus() },
    { keys: "Escape", label: "Choose none", run: () => setChosen(NONE) },
  ]);
  const filtered = wanted !== "" || states !== "" || types !== "" || since !== "";
  return (
    <div className={css.page}>
      <RunFilters
        filter={{ ...filter, dag }}
        total={runs.data?.pages[0]?.total_entries ?? null}
        onDag={setDag}
        onStates={(next) => setQuery({ state: next.join(",") || null })}
        onTypes={(next) => setQuery({ type: next.join(",") || null })}
        onSince={(next) => setQuery({ since: next || null })}
        chosen={picked.length}
        open={picked.filter((run) => isOpenRun(run.state)).length}
        onNone={() => setChosen(NONE)}
        onAct={setAsks}
      />
      <div className={css.table}>
        {runs.data === undefined ? (
          runs.error !== null ? <Failure error={runs.error} again={() => void runs.refetch()} /> : <Waiting rows={12} />
        ) : (
          <RunTable
            rows={rows}
            sort={sort}
            onSort={(next) => setSort(next)}
            chosen={mayWrite ? chosen : undefined}
            onChoose={mayWrite ? setChosen : undefined}
            onEnd={more}
            filtered={filtered}
            onClear={() => setQuery({ dag: null, state: null, type: null, since: null })}
          />
        )}
      </div>
      {asks !== null && (
        <BulkDialog
          action={asks}
          runs={asks === "cancel" ? picked.filter((run) => isOpenRun(run.state)) : picked}
          preview={wouldClear}
          onClose={() => setAsks(null)}
          onDo={(named, onlyFailed) => {
            setAsks(null);
            setChosen(NONE);
            void (asks === "clear" ? clearRuns(named, onlyFailed) : markRuns(named, asks === "cancel" ? "failed" : "success"));
          }}
        />
      )}
    </div>
  );
}
