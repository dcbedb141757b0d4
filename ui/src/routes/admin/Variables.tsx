// Values that tasks read by their key.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { importVariables, removeVariable, saveVariable, type Variable, variablesQuery } from "~/api/admin";
import { useQuery as useAddressed } from "~/app/router";
import { useMay } from "~/app/session";
import { toast } from "~/app/toasts";
import css from "~/components/admin/Admin.module.css";
import { Confirm } from "~/components/admin/FormDialog";
import { RowActs } from "~/components/admin/RowActs";
import { SectionView } from "~/components/admin/SectionView";
import { ImportVariables, VariableForm } from "~/components/admin/VariableForms";
import { Button } from "~/components/Button";
import { type Column, DataTable } from "~/components/DataTable";
import { SearchInput } from "~/components/Field";
import { Empty, Failure, Waiting } from "~/components/Panel";
import { fileOf, HIDDEN } from "~/models/admin.model";

type Asks = { does: "new" | "import" } | { does: "change" | "remove"; one: Variable } | null;

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
  const found = useQuery(variablesQuery());
  const mayWrite = useMay("variables:write");
  const [text, setText] = useAddressed("q");
  const [asks, setAsks] = useState<Asks>(null);
  const wanted = text.toLowerCase();
  const all = found.data ?? [];
  const rows = all.filter((one) => `${one.key} ${one.description ?? ""}`.toLowerCase().includes(wanted));
  const remove = (one: Variable) => (one.value === HIDDEN ? setAsks({ does: "remove", one }) : void removeVariable(one));
  const add = mayWrite && (
    <Button kind="main" onClick={() => setAsks({ does: "new" })}>
      Add a variable
    </Button>
  );
  const columns: Column<Variable>[] = [
    {
      id: "key",
      header: "Key",
      width: "2 1 140px",
      cell: (one) =>
        mayWrite ? (
          <button type="button" className={css.open} onClick={() => setAsks({ does: "change", one })}>
            {one.key}
          </button>
        ) : (
          one.key
        ),
    },
    {
      id: "value",
      header: "Value",
      width: "3 1 140px",
      cell: (one) => (one.value === HIDDEN ? <span className={css.set}>set</span> : <span className={css.mono}>{one.value}</span>),
    },
    { id: "description", header: "Description", width: "2 1 140px", from: 640, cell: (one) => <span className={css.faint}>{one.description}</span> },
    {
      id: "acts",
      header: "",
      width: "34px",
      cell: (one) =>
        mayWrite && (
          <RowActs
            of={one.key}
            acts={[
              { label: "Change…", run: () => setAsks({ does: "change", one }) },
              { label: one.value === HIDDEN ? "Remove…" : "Remove", danger: true, run: () => remove(one) },
            ]}
          />
        ),
    },
  ];
  return (
    <SectionView
      title="Variables"
      words="Values that tasks read by their key, sealed in the database. Where a key sounds secret its value is never shown."
      acts={
        <>
          <div className={css.search}>
            <SearchInput label="Find a variable" value={text} onChange={setText} />
          </div>
          {mayWrite && <Button onClick={() => setAsks({ does: "import" })}>Import…</Button>}
          <Button disabled={all.length === 0} onClick={() => save(all)}>
            Export
          </Button>
          {add}
        </>
      }
    >
      {found.data === undefined ? (
        found.error !== null ? <Failure error={found.error} again={() => void found.refetch()} /> : <Waiting />
      ) : (
        <DataTable
          label="Variables"
          columns={columns}
          rows={rows}
          keyOf={(one) => one.key}
          empty={
            all.length > 0 ? (
              `None holds “${text}”.`
            ) : (
              <Empty title="There are no variables yet." action={add || undefined}>
                <p>
                  A task reads one with <code>Variable.get("region")</code>, a template with{" "}
                  <code>{"{{ var.value.region }}"}</code>. Airflow's export of variables can be imported as it is.
                </p>
              </Empty>
            )
          }
        />
      )}
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
    </SectionView>
  );
}
