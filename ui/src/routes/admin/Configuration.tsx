// Each setting of this home, and where it comes from.
import { useQuery } from "@tanstack/react-query";
import { settingsQuery } from "~/api/admin";
import type { Schemas } from "~/api/client";
import { useQuery as useAddressed } from "~/app/router";
import css from "~/components/admin/Admin.module.css";
import { SectionView } from "~/components/admin/SectionView";
import { type Column, DataTable } from "~/components/DataTable";
import { SearchInput } from "~/components/Field";
import { Failure, Waiting } from "~/components/Panel";

type Setting = Schemas["KnownSetting"];

const valueOf: Column<Setting> = {
  id: "value",
  header: "Value",
  width: "2 1 120px",
  cell: (one) => (one.value === null ? <span className={css.faint}>–</span> : <span className={css.mono}>{one.value}</span>),
};
const COLUMNS: Column<Setting>[] = [
  { id: "name", header: "Name", width: "2 1 190px", cell: (one) => <span className={css.mono}>{one.name}</span> },
  {
    id: "source",
    header: "From",
    width: "1 1 110px",
    cell: (one) => (one.source === "default" ? <span className={css.faint}>default</span> : <span className={css.set}>{one.source}</span>),
  },
];

export default function Configuration() {
  const found = useQuery(settingsQuery());
  const [text, setText] = useAddressed("q");
  const told = found.data;
  const rows = (told?.settings ?? []).filter((one) => one.name.includes(text.toLowerCase().replaceAll(" ", "_")));
  return (
    <SectionView
      title="Configuration"
      words={
        told === undefined ? undefined : told.shown ? (
          <>
            From <code>{told.file}</code> and variables VENTURI_…, which win. It is read when Venturi starts.
          </>
        ) : (
          <>
            Values are not shown here. Put <code>expose_config = true</code> into <code>{told.file}</code> and start
            again; at the machine itself, <code>venturi config ls</code>.
          </>
        )
      }
      acts={
        <div className={css.search}>
          <SearchInput label="Find a setting" value={text} onChange={setText} />
        </div>
      }
    >
      {told === undefined ? (
        found.error !== null ? <Failure error={found.error} again={() => void found.refetch()} /> : <Waiting rows={12} />
      ) : (
        <DataTable
          label="Configuration"
          columns={told.shown ? [COLUMNS[0]!, valueOf, COLUMNS[1]!] : COLUMNS}
          rows={rows}
          rowHeight={30}
          keyOf={(one) => one.name}
          empty={`No setting holds “${text}”.`}
        />
      )}
    </SectionView>
  );
}
