// The palette: every page, every DAG, recent runs and every action, by a few letters.
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { dagsQuery } from "~/api/queries";
import { runsCalledQuery, runsQuery } from "~/api/runs";
import { Finder, type Offered } from "~/components/Finder";
import { StateGlyph } from "~/components/StateGlyph";
import { found } from "~/models/palette.model";
import { links } from "~/models/links.model";
import { keyOf, NO_FILTER, rowsOf } from "~/models/run-list.model";
import { useRegistered } from "./commands";
import { go } from "./router";
import { usePlaces } from "./session";
import { chooseTheme } from "./theme";

const MANY = 40;
const RUNS_MANY = 8; // of one DAG there may be hundreds: they are not to hide the rest
const CALLED_FROM = 4; // letters from which on older runs are asked for too

export function Palette({ onClose, onZone }: { onClose: () => void; onZone: () => void }) {
  const [typed, setTyped] = useState("");
  const dags = useQuery(dagsQuery()).data?.dags;
  const recent = useInfiniteQuery(runsQuery(NO_FILTER)).data;
  const wanted = typed.trim();
  const called = useQuery({ ...runsCalledQuery(wanted), enabled: wanted.length >= CALLED_FROM, placeholderData: keepPreviousData }).data;
  const registered = useRegistered();
  const places = usePlaces();
  const runs = useMemo<Offered[]>(() => {
    const known = new Map([...rowsOf(recent), ...(wanted.length >= CALLED_FROM ? (called ?? []) : [])].map((run) => [keyOf(run), run]));
    return [...known.values()].map((run) => ({
      id: `run ${keyOf(run)}`,
      label: run.dag_id,
      group: "Runs",
      words: `${run.dag_id} ${run.dag_run_id} ${run.state}`,
      aside: () => (
        <>
          <StateGlyph state={run.state} size={11} /> <span className="mono">{run.dag_run_id}</span>
        </>
      ),
      run: () => go(links.run(run.dag_id, run.dag_run_id)),
    }));
  }, [recent, called, wanted]);
  const offered = useMemo<Offered[]>(
    () => [
      ...registered.map((one) => ({ ...one, group: one.group ?? "On this page" })),
      ...(dags ?? []).map((dag) => ({
        id: `dag ${dag.dag_id}`,
        label: dag.dag_id,
        hint: dag.name !== dag.dag_id ? dag.name : (dag.description ?? undefined),
        group: "DAGs",
        words: [dag.name, ...dag.tags].join(" "),
        run: () => go(links.dag(dag.dag_id)),
      })),
      ...places.map((place) => ({ id: place.href, label: place.label, hint: `g ${place.key}`, group: "Go to", run: () => go(place.href) })),
      ...runs,
      { id: "zone", label: "Time zone…", group: "Appearance", run: onZone },
      { id: "dark", label: "Dark theme", group: "Appearance", run: () => chooseTheme("dark") },
      { id: "light", label: "Light theme", group: "Appearance", run: () => chooseTheme("light") },
      { id: "system", label: "Theme of the system", group: "Appearance", run: () => chooseTheme("system") },
      { id: "api", label: "API description", group: "Help", run: () => location.assign("/docs") },
    ],
    [dags, registered, places, runs, onZone],
  );
  const shown = useMemo(() => found(offered, typed, MANY, { Runs: RUNS_MANY }), [offered, typed]);
  return (
    <Finder
      label="Search and commands"
      hint="A DAG, a run, a page, or what you want to do"
      typed={typed}
      onTyped={setTyped}
      shown={shown}
      none="Nothing is called so."
      onClose={onClose}
    />
  );
}
