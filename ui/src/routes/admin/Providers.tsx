// The provider packages that are installed here.
import { useQuery } from "@tanstack/react-query";
import { providersQuery } from "~/api/admin";
import type { Schemas } from "~/api/client";
import css from "~/components/admin/Admin.module.css";
import { SectionView } from "~/components/admin/SectionView";
import { type Column, DataTable } from "~/components/DataTable";
import { Empty, Failure, Waiting } from "~/components/Panel";

const COLUMNS: Column<Schemas["Provider"]>[] = [
  { id: "name", header: "Package", width: "2 1 200px", cell: (one) => <span className={css.mono}>{one.package_name}</span> },
  { id: "version", header: "Version", width: "90px", cell: (one) => one.version },
  { id: "what", header: "What it is", width: "3 1 200px", from: 640, cell: (one) => <span className={css.faint}>{one.description}</span> },
];

export default function Providers() {
  const found = useQuery(providersQuery());
  return (
    <SectionView
      title="Providers"
      words="Airflow's provider packages in the environment that Venturi is installed in. Plugins are loaded beside the tasks alone, from plugins/ of the home."
    >
      {found.data === undefined ? (
        found.error !== null ? <Failure error={found.error} again={() => void found.refetch()} /> : <Waiting />
      ) : (
        <DataTable
          label="Providers"
          columns={COLUMNS}
          rows={found.data}
          keyOf={(one) => one.package_name}
          empty={
            <Empty title="No provider is installed here.">
              <p>
                Tasks of Python and Bash need none. A DAG that imports <code>airflow.providers.postgres</code> finds it
                once <code>apache-airflow-providers-postgres</code> is installed in this environment, or in the one that
                its file names.
              </p>
            </Empty>
          }
        />
      )}
    </SectionView>
  );
}
