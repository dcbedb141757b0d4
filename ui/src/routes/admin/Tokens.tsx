// What programs say who they are by.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { createToken, revokeToken, type Token, tokensQuery } from "~/api/admin";
import { toast } from "~/app/toasts";
import css from "~/components/admin/Admin.module.css";
import { actsColumn, AdminList } from "~/components/admin/AdminList";
import { Confirm } from "~/components/admin/FormDialog";
import { TokenForm, TokenMade } from "~/components/admin/PeopleForms";
import { Button } from "~/components/Button";
import type { Column } from "~/components/DataTable";
import { Empty } from "~/components/Panel";
import { RelativeTime } from "~/components/Time";

export default function Tokens() {
  const asked = useQuery(tokensQuery());
  const [isNew, setIsNew] = useState(false);
  const [made, setMade] = useState<string | null>(null);
  const [ends, setEnds] = useState<Token | null>(null);
  const add = (
    <Button kind="main" onClick={() => setIsNew(true)}>
      Make a token
    </Button>
  );
  const columns: Column<Token>[] = [
    { id: "name", header: "Program", width: "2 1 120px", cell: (one) => <b>{one.name}</b> },
    { id: "role", header: "Role", width: "80px", cell: (one) => one.role },
    { id: "by", header: "Of", width: "1 1 90px", from: 640, cell: (one) => one.account },
    { id: "id", header: "Id", width: "90px", from: 640, cell: (one) => <span className={css.mono}>{one.id}</span> },
    { id: "used", header: "Used", width: "110px", from: 480, cell: (one) => <RelativeTime at={one.used} absent="never" /> },
    { id: "expires", header: "Ends", width: "110px", cell: (one) => <RelativeTime at={one.expires} /> },
    actsColumn(
      (one) => one.name,
      (one) => [{ label: "Revoke…", danger: true, run: () => setEnds(one) }],
    ),
  ];
  const copy = () => {
    void navigator.clipboard.writeText(made ?? "").then(() => toast({ text: "The token is copied." }));
  };
  return (
    <AdminList
      title="Tokens"
      words="What programs show to the API. Only what a token hashes to is kept, so it is shown once, when it is made."
      acts={add}
      asked={asked}
      columns={columns}
      keyOf={(one) => one.id}
      empty={
        <Empty title="No program has a token yet." action={add}>
          <p>
            A token has a role and an end. A program sends it as <code>Authorization: Bearer …</code>; the API is
            described at <a href="/docs">/docs</a>.
          </p>
        </Empty>
      }
    >
      {isNew && (
        <TokenForm onCreate={async (given) => setMade(await createToken(given))} onClose={() => setIsNew(false)} />
      )}
      {made !== null && !isNew && <TokenMade token={made} onCopy={copy} onClose={() => setMade(null)} />}
      {ends !== null && (
        <Confirm title={`Revoke ${ends.name}?`} does="Revoke" send={() => revokeToken(ends)} onClose={() => setEnds(null)}>
          Programs that use it are refused from now on.
        </Confirm>
      )}
    </AdminList>
  );
}
