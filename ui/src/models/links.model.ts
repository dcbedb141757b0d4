// Where everything is. Pages match these in app/pages.ts; nobody else writes an address.

const part = encodeURIComponent;

export type DagTab =
  | "overview"
  | "grid"
  | "graph"
  | "timeline"
  | "calendar"
  | "durations"
  | "runs"
  | "backfills"
  | "code"
  | "details";

export const links = {
  home: () => "/",
  dags: () => "/dags",
  dag: (dagId: string, tab?: DagTab) => `/dags/${part(dagId)}${tab && tab !== "overview" ? `/${tab}` : ""}`,
  runs: (query: Record<string, string> = {}) => `/runs${asked(query)}`,
  run: (dagId: string, runId: string, tab?: string) =>
    `/dags/${part(dagId)}/runs/${part(runId)}${tab ? `/${part(tab)}` : ""}`,
  /** `map` of a mapped instance, `try` one of its tries, `tab` such as log. */
  task: (dagId: string, runId: string, taskId: string, query: { map?: number; try?: number; tab?: string } = {}) =>
    `/dags/${part(dagId)}/runs/${part(runId)}/tasks/${part(taskId)}${asked({
      map: query.map === undefined || query.map < 0 ? undefined : String(query.map),
      try: query.try === undefined ? undefined : String(query.try),
      tab: query.tab,
    })}`,
  trigger: (dagId: string) => `/dags/${part(dagId)}/trigger`,
  backfill: (dagId: string) => `/dags/${part(dagId)}/backfill`,
  assets: () => "/assets",
  asset: (id: number | string) => `/assets/${part(String(id))}`,
  approvals: () => "/approvals",
  admin: (section = "") => `/admin${section ? `/${part(section)}` : ""}`,
};

function asked(query: Record<string, string | undefined>): string {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== "") found.set(name, value);
  const text = found.toString();
  return text ? `?${text}` : "";
}
