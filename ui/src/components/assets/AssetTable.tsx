// The assets, each with what makes and uses it.
import type { ReactNode } from "react";
import { type Asset, inWords, makersOf, usersOf } from "~/models/assets.model";
import { links } from "~/models/links.model";
import { secondsOf } from "~/models/time.model";
import { type Column, DataTable } from "../DataTable";
import { RelativeTime } from "../Time";
import css from "./Assets.module.css";

const COLUMNS: Column<Asset>[] = [
  { id: "name", header: "Asset", width: "2 1 150px", cell: (one) => one.name },
  {
    id: "uri",
    header: "Where",
    width: "2 1 160px",
    from: 1000,
    cell: (one) => <span className={css.uri}>{one.uri === one.name ? "" : one.uri}</span>,
  },
  {
    id: "last",
    header: "Last event",
    width: "110px",
    cell: (one) => <RelativeTime at={secondsOf(one.last_asset_event?.timestamp)} absent="none yet" />,
  },
  { id: "makes", header: "Made by", width: "1 1 130px", from: 640, cell: (one) => inWords(makersOf(one)) },
  { id: "uses", header: "Used by", width: "1 1 130px", from: 640, cell: (one) => inWords(usersOf(one)) },
  {
    id: "watchers",
    header: "Watched",
    width: "70px",
    from: 800,
    align: "end",
    cell: (one) => (one.watchers.length === 0 ? "" : <span className="numbers">{one.watchers.length}</span>),
  },
];

export function AssetTable({ assets, empty }: { assets: Asset[]; empty: ReactNode }) {
  return (
    <DataTable
      label="Assets"
      columns={COLUMNS}
      rows={assets}
      keyOf={(one) => String(one.id)}
      hrefOf={(one) => links.asset(one.id)}
      empty={empty}
      place="assets"
    />
  );
}
