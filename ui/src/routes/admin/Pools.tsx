// How many tasks of a kind run at once, and how many do now.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Pool, poolsQuery, removePool, savePool } from "~/api/admin";
import { useMay } from "~/app/session";
import css from "~/components/admin/Admin.module.css";
import { PoolBar, PoolForm } from "~/components/admin/PoolForm";
import { RowActs } from "~/components/admin/RowActs";
import { SectionView } from "~/components/admin/SectionView";
import { Button } from "~/components/Button";
import { type Column, DataTable } from "~/components/DataTable";
import { Failure, Waiting } from "~/components/Panel";

export default function Pools() {
  const found = useQuery(poolsQuery());
  const mayWrite = useMay("pools:write");
  const [asks, setAsks] = useState<Pool | "new" | null>(null);
  const columns: Column<Pool>[] = [
    {
      id: "name",
      header: "Pool",
      width: "2 1 120px",
      cell: (one) =>
        mayWrite ? (
          <button type="button" className={css.open} onClick={() => setAsks(one)}>
            {one.name}
          </button>
        ) : (
          one.name
        ),
    },
    { id: "use", header: "In use", width: "3 1 90px", cell: (one) => <PoolBar pool={one} /> },
    {
      id: "slots",
      header: "Slots",
      width: "76px",
      align: "end",
      cell: (one) => (
        <span className="numbers">
          {one.occupied_slots} <span className={css.faint}>of {one.slots < 0 ? "∞" : one.slots}</span>
        </span>
      ),
    },
    {
      id: "waits",
      header: "Waiting",
      width: "70px",
      align: "end",
      from: 480,
      cell: (one) => <span className={one.scheduled_slots > 0 ? "numbers" : css.faint}>{one.scheduled_slots}</span>,
    },
    { id: "description", header: "Description", width: "2 1 140px", from: 800, cell: (one) => <span className={css.faint}>{one.description}</span> },
    {
      id: "acts",
      header: "",
      width: "34px",
      cell: (one) =>
        mayWrite && (
          <RowActs
            of={one.name}
            acts={[
              { label: "Change…", run: () => setAsks(one) },
              ...(one.name === "default_pool" ? [] : [{ label: "Remove", danger: true, run: () => void removePool(one) }]),
            ]}
          />
        ),
    },
  ];
  return (
    <SectionView
      title="Pools"
      words="How many tasks of a kind run at once. A task says its pool; one that says none is in default_pool."
      acts={
        mayWrite && (
          <Button kind="main" onClick={() => setAsks("new")}>
            Add a pool
          </Button>
        )
      }
    >
      {found.data === undefined ? (
        found.error !== null ? <Failure error={found.error} again={() => void found.refetch()} /> : <Waiting />
      ) : (
        <DataTable label="Pools" columns={columns} rows={found.data} keyOf={(one) => one.name} />
      )}
      {asks !== null && (
        <PoolForm
          one={asks === "new" ? null : asks}
          onSave={(given) => savePool(given, asks === "new" ? null : asks)}
          onClose={() => setAsks(null)}
        />
      )}
    </SectionView>
  );
}
