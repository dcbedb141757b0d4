// Values that tasks read by their key.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { importVariables, removeVariable, saveVariable, type Variable, variablesQuery } from "~/api/admin";
import { useQuery as useAddressed } from "~/app/router";
import { useMay } from "~/app/session";
import { toast } from "~/app/toasts";
import css from "~/components/admin/Admin.module.css";
import { actsColumn, AdminList, nameColumn } from "~/components/admin/AdminList";
import { Confirm } from "~/components/admin/FormDialog";
import { ImportVariables, VariableForm } from "~/components/admin/VariableForms";
import { Button } from "~/components/Button";
import type { Column } from "~/components/DataTable";
import { Empty } from "~/components/Panel";
import { fileOf, HIDDEN } from "~/models/admin.model";

type Asks = { does: "new" | "import" } | { does: "change" | "remove"; one: Variable } | null;

const keyOf = (one: Variable) => one.key;

function save(variables: Variable[]): void {
  const { text, left } = fileOf(variables);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = "variables.json";
  link.click();
  URL.revokeObjectURL(link.href);
  if (left > 0) toast({ text: `${left} secret ${left === 1 ? "one is" : "ones are"} left out: their values are never told.` });
}

export default function Variables() {
  const asked = useQuery(variablesQuery());
  const mayWrite = useMay("variables:write");
  const [text, setText] = useAddressed("q");
  const [asks, setAsks] = useState<Asks>(null);
  const all = asked.data ?? [];
  const change = (one: Variable) => setAsks({ does: "change", one });
  const remove = (one: Variable) => (one.value === HIDDEN ? setAsks({ does: "remove", one }) : void removeVariable(one));
  const add = mayWrite && (
    <Button kind="main" onClick={() => setAsks({ does: "new" })}>
      Add a variable
    </Button>
  );
  const columns: Column<Variable>[] = [
    nameColumn("Key", "2 1 140px", keyOf, mayWrite && change),
    {
      id: "value",
      header: "Value",
      width: "3 1 140px",
      cell: (one) => (one.value === HIDDEN ? <span className={css.set}>set</span> : <span className={css.mono}>{one.value}</span>),
    },
    { id: "description", header: "Description", width: "2 1 140px", from: 640, cell: (one) => <span className={css.faint}>{one.description}</span> },
    actsColumn(
      keyOf,
      mayWrite &&
        ((one) => [
          { label: "Change…", run: () => change(one) },
          { label: one.value === HIDDEN ? "Remove…" : "Remove", danger: true, run: () => remove(one) },
        ]),
    ),
  ];
  return (
    <AdminList
      title="Variables"
      words="Values that tasks read by their key, sealed in the database. Where a key sounds secret its value is never shown."
      acts={
        <>
          {mayWrite && <Button onClick={() => setAsks({ does: "import" })}>Import…</Button>}
          <Button disabled={all.length === 0} onClick={() => save(all)}>
            Export
          </Button>
          {add}
        </>
      }
      asked={asked}
      find={{ label: "Find a variable", text, onText: setText, textOf: (one) => `${one.key} ${one.description ?? ""}` }}
      columns={columns}
      keyOf={keyOf}
      empty={
        <Empty title="There are no variables yet." action={add || undefined}>
          <p>
            A task reads one with <code>Variable.get("region")</code>, a template with{" "}
            <code>{"{{ var.value.region }}"}</code>. Airflow's export of variables can be imported as it is.
          </p>
        </Empty>
      }
    >
      {(asks?.does === "new" || asks?.does === "change") && (
        <VariableForm
          one={asks.does === "change" ? asks.one : null}
          onSave={(given) => saveVariable(given, asks.does === "change" ? asks.one : null)}
          onClose={() => setAsks(null)}
        />
      )}
      {asks?.does === "import" && (
        <ImportVariables there={new Set(all.map((one) => one.key))} onSend={importVariables} onClose={() => setAsks(null)} />
      )}
      {asks?.does === "remove" && (
        <Confirm title={`Remove ${asks.one.key}?`} does="Remove" send={() => removeVariable(asks.one)} onClose={() => setAsks(null)}>
          Tasks that read it will fail. Its value cannot be brought back.
        </Confirm>
      )}
    </AdminList>
  );
}
