// The palette: every page, every DAG and every action, by a few letters.
import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { dagsQuery } from "~/api/queries";
import { type Choice, found } from "~/models/palette.model";
import { links } from "~/models/links.model";
import { useRegistered } from "./commands";
import { go } from "./router";
import { usePlaces } from "./session";
import { chooseTheme } from "./theme";
import css from "./Palette.module.css";

interface Offered extends Choice {
  run: () => void;
}

const MANY = 40;

export function Palette({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const dags = useQuery(dagsQuery()).data?.dags;
  const registered = useRegistered();
  const places = usePlaces();
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
      { id: "dark", label: "Dark theme", group: "Appearance", run: () => chooseTheme("dark") },
      { id: "light", label: "Light theme", group: "Appearance", run: () => chooseTheme("light") },
      { id: "system", label: "Theme of the system", group: "Appearance", run: () => chooseTheme("system") },
      { id: "api", label: "API description", group: "Help", run: () => location.assign("/docs") },
    ],
    [dags, registered, places],
  );
  const shown = useMemo(() => found(offered, typed, MANY), [offered, typed]);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  useEffect(() => setAt(0), [typed]);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [at]);
  const choose = (one: Offered | undefined) => {
    if (one === undefined) return;
    onClose();
    one.run();
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt((at + 1) % Math.max(1, shown.length));
    else if (event.key === "ArrowUp") setAt((at - 1 + shown.length) % Math.max(1, shown.length));
    else if (event.key === "Enter") choose(shown[at]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog
      ref={dialog}
      className={css.palette}
      aria-label="Search and commands"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className={css.inner}>
        <input
          className={css.input}
          autoFocus
          role="combobox"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={shown[at] ? `${id}-${at}` : undefined}
          aria-label="Search and commands"
          placeholder="A DAG, a page, or what you want to do"
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={key}
        />
        <div ref={list} id={`${id}-list`} role="listbox" aria-label="Found" className={css.list}>
          {shown.map((one, place) => (
            <div
              key={`${one.group} ${one.id}`}
              id={`${id}-${place}`}
              role="option"
              aria-selected={place === at}
              className={css.choice}
              onMouseMove={() => setAt(place)}
              onClick={() => choose(one)}
            >
              <span className={css.label}>{one.label}</span>
              {one.hint && <span className={css.hint}>{one.hint}</span>}
              <span className={css.group}>{one.group}</span>
            </div>
          ))}
          {shown.length === 0 && <p className={css.none}>Nothing is called so.</p>}
        </div>
      </div>
    </dialog>
  );
}
