// Who may sign in, and what they may.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Account, accountsQuery, changeAccount, createAccount, removeAccount, setDisabled, setGrant } from "~/api/admin";
import { dagsQuery } from "~/api/queries";
import { toastError } from "~/app/toasts";
import css from "~/components/admin/Admin.module.css";
import { actsColumn, AdminList, nameColumn } from "~/components/admin/AdminList";
import { Confirm } from "~/components/admin/FormDialog";
import { AccountForm, GrantsForm } from "~/components/admin/PeopleForms";
import { Button } from "~/components/Button";
import type { Column } from "~/components/DataTable";
import { Empty } from "~/components/Panel";
import { RelativeTime } from "~/components/Time";

type Asks = { does: "new" } | { does: "change" | "grants" | "remove"; name: string } | null;

const nameOf = (one: Account) => one.name;

export default function Users() {
  const asked = useQuery(accountsQuery());
  const dags = useQuery(dagsQuery());
  const [asks, setAsks] = useState<Asks>(null);
  const one = asks !== null && "name" in asks ? asked.data?.find((each) => each.name === asks.name) : undefined;
  const close = () => setAsks(null);
  const add = (
    <Button kind="main" onClick={() => setAsks({ does: "new" })}>
      Add a user
    </Button>
  );
  const columns: Column<Account>[] = [
    nameColumn("Name", "2 1 120px", nameOf, ({ name }) => setAsks({ does: "change", name })),
    { id: "role", header: "Role", width: "80px", cell: (each) => each.role },
    {
      id: "grants",
      header: "In single DAGs",
      width: "2 1 140px",
      from: 640,
      cell: (each) =>
        Object.entries(each.grants).map(([dag, role]) => (
          <span key={dag} className={css.set}>
            {dag}: {role}
          </span>
        )),
    },
    { id: "state", header: "", width: "70px", cell: (each) => each.disabled && <span className={css.set}>disabled</span> },
    { id: "made", header: "Since", width: "110px", from: 480, cell: (each) => <RelativeTime at={each.made} /> },
    actsColumn(nameOf, (each) => [
      { label: "Change role or password…", run: () => setAsks({ does: "change", name: each.name }) },
      { label: "Grants in single DAGs…", run: () => setAsks({ does: "grants", name: each.name }) },
      { label: each.disabled ? "Let in again" : "Disable", run: () => void setDisabled(each, !each.disabled) },
      { label: "Remove…", danger: true, run: () => setAsks({ does: "remove", name: each.name }) },
    ]),
  ];
  return (
    <AdminList
      title="Users"
      words="Who may sign in by name and password. Whoever holds the home signs in by a link and may everything."
      acts={add}
      asked={asked}
      columns={columns}
      keyOf={nameOf}
      empty={
        <Empty title="Nobody has an account yet." action={add}>
          <p>
            You are here by a link of <code>venturi login</code>. A user signs in by name and password, with one of
            the roles viewer, user, operator or admin, and grants in single DAGs above it.
          </p>
        </Empty>
      }
    >
      {(asks?.does === "new" || (asks?.does === "change" && one !== undefined)) && (
        <AccountForm
          one={one ?? null}
          onCreate={createAccount}
          onChange={(given) => changeAccount(one!.name, given, `${one!.name} is changed.`)}
          onClose={close}
        />
      )}
      {asks?.does === "grants" && one !== undefined && (
        <GrantsForm
          one={one}
          dags={dags.data?.dags.map((dag) => dag.dag_id) ?? []}
          onGrant={async (dag, role) => {
            if (role !== "none") return setGrant(one.name, dag, role);
            await setGrant(one.name, dag, role).catch(toastError);
          }}
          onClose={close}
        />
      )}
      {asks?.does === "remove" && one !== undefined && (
        <Confirm title={`Remove ${one.name}?`} does="Remove" send={() => removeAccount(one)} onClose={close}>
          Its sessions and tokens end at once. What {one.name} did stays in the audit.
        </Confirm>
      )}
    </AdminList>
  );
}
