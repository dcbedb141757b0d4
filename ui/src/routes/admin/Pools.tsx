// How many tasks of a kind run at once, and how many do now.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Pool, poolsQuery, removePool, savePool } from "~/api/admin";
import { useMay } from "~/app/session";
import css from "~/components/admin/Admin.module.css";
import { actsColumn, AdminList, nameColumn } from "~/components/admin/AdminList";
import { PoolBar, PoolForm } from "~/components/admin/PoolForm";
import { Button } from "~/components/Button";
import type { Column } from "~/components/DataTable";

const nameOf = (one: Pool) => one.name;

export default function Pools() {
  const asked = useQuery(poolsQuery());
  const mayWrite = useMay("pools:write");
  const [asks, setAsks] = useState<Pool | "new" | null>(null);
  const columns: Column<Pool>[] = [
    nameColumn("Pool", "2 1 120px", nameOf, mayWrite && setAsks),
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
    actsColumn(
      nameOf,
      mayWrite &&
        ((one) => [
          { label: "Change…", run: () => setAsks(one) },
          ...(one.name === "default_pool" ? [] : [{ label: "Remove", danger: true, run: () => void removePool(one) }]),
        ]),
    ),
  ];
  return (
    <AdminList
      title="Pools"
      words="How many tasks of a kind run at once. A task says its pool; one that says none is in default_pool."
      acts={
        mayWrite && (
          <Button kind="main" onClick={() => setAsks("new")}>
            Add a pool
          </Button>
        )
      }
      asked={asked}
      columns={columns}
      keyOf={nameOf}
    >
      {asks !== null && (
        <PoolForm
          one={asks === "new" ? null : asks}
          onSave={(given) => savePool(given, asks === "new" ? null : asks)}
          onClose={() => setAsks(null)}
        />
      )}
    </AdminList>
  );
}
