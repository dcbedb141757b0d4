// Where tasks find databases, services and their keys.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Connection, connectionsQuery, removeConnection, saveConnection } from "~/api/admin";
import { useQuery as useAddressed } from "~/app/router";
import { useMay } from "~/app/session";
import css from "~/components/admin/Admin.module.css";
import { actsColumn, AdminList, nameColumn } from "~/components/admin/AdminList";
import { ConnectionForm } from "~/components/admin/ConnectionForm";
import { Confirm } from "~/components/admin/FormDialog";
import { Button } from "~/components/Button";
import type { Column } from "~/components/DataTable";
import { Empty } from "~/components/Panel";
import { placeOf } from "~/models/admin.model";

type Asks = { does: "new" } | { does: "change" | "remove"; one: Connection } | null;

const idOf = (one: Connection) => one.connection_id;

export default function Connections() {
  const asked = useQuery(connectionsQuery());
  const mayWrite = useMay("connections:write");
  const [text, setText] = useAddressed("q");
  const [asks, setAsks] = useState<Asks>(null);
  const add = mayWrite && (
    <Button kind="main" onClick={() => setAsks({ does: "new" })}>
      Add a connection
    </Button>
  );
  const change = (one: Connection) => setAsks({ does: "change", one });
  const columns: Column<Connection>[] = [
    nameColumn("Id", "2 1 130px", idOf, mayWrite && change),
    { id: "type", header: "Type", width: "0 1 110px", cell: (one) => one.conn_type },
    { id: "place", header: "Where", width: "2 1 120px", from: 480, cell: (one) => <span className={css.mono}>{placeOf(one)}</span> },
    { id: "login", header: "Login", width: "1 1 90px", from: 800, cell: (one) => one.login ?? "" },
    {
      id: "secret",
      header: "Secrets",
      width: "185px",
      from: 640,
      cell: (one) => (
        <>
          {one.hasPassword && <span className={css.set}>password set</span>}
          {one.hasExtra && <span className={css.set}>extra set</span>}
        </>
      ),
    },
    { id: "description", header: "Description", width: "2 1 140px", from: 1000, cell: (one) => <span className={css.faint}>{one.description}</span> },
    actsColumn(
      idOf,
      mayWrite &&
        ((one) => [
          { label: "Change…", run: () => change(one) },
          { label: "Remove…", danger: true, run: () => setAsks({ does: "remove", one }) },
        ]),
    ),
  ];
  return (
    <AdminList
      title="Connections"
      words="Where tasks find databases and services. Passwords and extras are sealed and never shown; a connection is tried by the tasks that use it, never from here."
      acts={add}
      asked={asked}
      find={{ label: "Find a connection", text, onText: setText, textOf: (one) => `${one.connection_id} ${one.conn_type} ${one.host ?? ""} ${one.description ?? ""}` }}
      columns={columns}
      keyOf={idOf}
      empty={
        <Empty title="There are no connections yet." action={add || undefined}>
          <p>
            A task asks for one by its id: <code>BaseHook.get_connection("shop_db")</code>, or a hook's{" "}
            <code>conn_id</code>. Those of an Airflow come over with <code>venturi airflow --import</code>.
          </p>
        </Empty>
      }
    >
      {(asks?.does === "new" || asks?.does === "change") && (
        <ConnectionForm
          one={asks.does === "change" ? asks.one : null}
          onSave={(given) => saveConnection(given, asks.does === "new")}
          onClose={() => setAsks(null)}
        />
      )}
      {asks?.does === "remove" && (
        <Confirm
          title={`Remove ${asks.one.connection_id}?`}
          does="Remove"
          send={() => removeConnection(asks.one)}
          onClose={() => setAsks(null)}
        >
          Tasks that ask for it will fail. What is sealed in it cannot be brought back.
        </Confirm>
      )}
    </AdminList>
  );
}
