// What tasks make and DAGs start by.
import { useQuery } from "@tanstack/react-query";
import { assetsQuery } from "~/api/assets";
import { useKeys } from "~/app/keys";
import { type Params, useQuery as useAddressed } from "~/app/router";
import css from "~/components/assets/Assets.module.css";
import { AssetTable } from "~/components/assets/AssetTable";
import { SearchInput } from "~/components/Field";
import { Empty, Failure, Waiting } from "~/components/Panel";
import page from "./Dags.module.css";

export default function Assets(_: { params: Params }) {
  const found = useQuery(assetsQuery());
  const [text, setText] = useAddressed("q");
  useKeys([{ keys: "/", label: "Find an asset", run: () => document.getElementById("assets-search")?.focus() }]);
  const wanted = text.toLowerCase();
  const all = found.data ?? [];
  const rows = all.filter((one) => {
    const dags = [...one.producing_tasks, ...one.scheduled_dags, ...one.consuming_tasks].map((each) => each.dag_id);
    return `${one.name} ${one.uri} ${dags.join(" ")}`.toLowerCase().includes(wanted);
  });
  return (
    <div className={page.page}>
      <div className={css.filters}>
        <h1 className="unseen">Assets</h1>
        <div className={css.search}>
          <SearchInput id="assets-search" label="Find an asset" hint="Find an asset or a DAG  ( / )" value={text} onChange={setText} />
        </div>
        <span className={css.count} role="status">
          {found.data !== undefined && `${rows.length} ${rows.length === 1 ? "asset" : "assets"}`}
        </span>
      </div>
      <div className={page.table}>
        {found.data === undefined ? (
          found.error !== null ? <Failure error={found.error} again={() => void found.refetch()} /> : <Waiting rows={8} />
        ) : (
          <AssetTable
            assets={rows}
            empty={
              all.length > 0 ? (
                `None holds “${text}”.`
              ) : (
                <Empty title="No DAG names an asset yet.">
                  <p>
                    An asset is what a task makes (<code>@task(outlets=[Asset("orders")])</code>, or Dataset in
                    Airflow 2) and what a DAG can start by (<code>schedule=[Asset("orders")]</code>).
                  </p>
                </Empty>
              )
            }
          />
        )}
      </div>
    </div>
  );
}
