// Every page: its path, what loads it, and where it stands in the rail. A new page is one entry here.
import { type ComponentType, type LazyExoticComponent, lazy } from "react";
import { AdminIcon, ApprovalIcon, AssetIcon, DagIcon, HomeIcon, RunsIcon } from "~/components/icons";
import { SECTIONS } from "~/models/admin.model";
import { links } from "~/models/links.model";
import type { Params } from "./router";

export interface Crumb {
  text: string;
  href?: string;
}

export interface Page {
  path: string;
  load: LazyExoticComponent<ComponentType<{ params: Params }>>;
  crumbs: (params: Params) => Crumb[];
}

/** `key` is typed after g. */
export interface Place {
  label: string;
  href: string;
  icon: ComponentType;
  key: string;
  /** Listed for those alone who may do this. */
  may?: string;
}

const dags: Crumb = { text: "DAGs", href: links.dags() };
const assets: Crumb = { text: "Assets", href: links.assets() };

const runCrumbs = (params: Params): Crumb[] => [
  dags,
  { text: params.dag_id!, href: links.dag(params.dag_id!) },
  { text: params.run_id!, href: links.run(params.dag_id!, params.run_id!) },
];

// The first that fits.
export const PAGES: Page[] = [
  { path: "/", load: lazy(() => import("~/routes/Home")), crumbs: () => [{ text: "Home" }] },
  { path: "/home", load: lazy(() => import("~/routes/Home")), crumbs: () => [{ text: "Home" }] },
  { path: "/dags", load: lazy(() => import("~/routes/Dags")), crumbs: () => [dags] },
  { path: "/runs", load: lazy(() => import("~/routes/Runs")), crumbs: () => [{ text: "Runs" }] },
  {
    path: "/dags/:dag_id/runs/:run_id/tasks/:task_id",
    load: lazy(() => import("~/routes/Task")),
    crumbs: (params) => [...runCrumbs(params), { text: params.task_id! }],
  },
  { path: "/dags/:dag_id/runs/:run_id/:tab?", load: lazy(() => import("~/routes/Run")), crumbs: runCrumbs },
  {
    path: "/dags/:dag_id/trigger",
    load: lazy(() => import("~/routes/Trigger")),
    crumbs: (params) => [dags, { text: params.dag_id!, href: links.dag(params.dag_id!) }, { text: "Start a run" }],
  },
  {
    path: "/dags/:dag_id/backfill",
    load: lazy(() => import("~/routes/Backfill")),
    crumbs: (params) => [dags, { text: params.dag_id!, href: links.dag(params.dag_id!) }, { text: "Backfill" }],
  },
  { path: "/approvals", load: lazy(() => import("~/routes/Approvals")), crumbs: () => [{ text: "Approvals" }] },
  {
    path: "/dags/:dag_id/runs/:run_id/tasks/:task_id/required_actions",
    load: lazy(() => import("~/routes/Approvals")),
    crumbs: (params) => [...runCrumbs(params), { text: params.task_id! }],
  },
  // Pages of a DAG with a path of their own stand before this one.
  {
    path: "/dags/:dag_id/:tab?",
    load: lazy(() => import("~/routes/Dag")),
    crumbs: ({ dag_id }) => [dags, { text: dag_id!, href: links.dag(dag_id!) }],
  },
  { path: "/assets", load: lazy(() => import("~/routes/Assets")), crumbs: () => [assets] },
  { path: "/assets/:asset_id", load: lazy(() => import("~/routes/Asset")), crumbs: () => [assets, { text: "Asset" }] },
  {
    path: "/admin/:section?",
    load: lazy(() => import("~/routes/Admin")),
    crumbs: ({ section }) => [
      { text: "Admin", href: links.admin() },
      ...SECTIONS.filter((one) => one.id === section).map((one) => ({ text: one.label })),
    ],
  },
];

const ALL_PLACES: Place[] = [
  { label: "Home", href: links.home(), icon: HomeIcon, key: "h" },
  { label: "DAGs", href: links.dags(), icon: DagIcon, key: "d" },
  { label: "Runs", href: links.runs(), icon: RunsIcon, key: "r" },
  { label: "Assets", href: links.assets(), icon: AssetIcon, key: "s" },
  { label: "Approvals", href: links.approvals(), icon: ApprovalIcon, key: "p" },
  { label: "Admin", href: links.admin(), icon: AdminIcon, key: "a", may: "connections:read" },
];

/** What the rail lists: the places that have a page. */
export const PLACES = ALL_PLACES.filter((place) =>
  PAGES.some((page) => page.path.replace(/(\/:[^/]+\?)+$/, "") === place.href),
);
