// One of many, by a few letters: a field and what it finds, in a dialog at the top of the page.
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import type { Choice } from "~/models/palette.model";
import { closing } from "./closing";
import css from "./Finder.module.css";

export interface Offered extends Choice {
  run: () => void;
  /** In the place of the hint, made only for what is shown. */
  aside?: () => ReactNode;
}

export interface FinderProps {
  label: string;
  hint: string;
  typed: string;
  onTyped: (text: string) => void;
  /** What was found, best first. */
  shown: Offered[];
  none: string;
  onClose: () => void;
}

export function Finder({ label, hint, typed, onTyped, shown, none, onClose }: FinderProps) {
  const [at, setAt] = useState(0);
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
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
      className={css.finder}
      aria-label={label}
      {...closing(onClose)}
    >
      <div className={css.inner}>
        <input
          className={css.input}
          autoFocus
          role="combobox"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={shown[at] ? `${id}-${at}` : undefined}
          aria-label={label}
          placeholder={hint}
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => onTyped(event.target.value)}
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
              {(one.aside ?? one.hint) && <span className={css.hint}>{one.aside?.() ?? one.hint}</span>}
              <span className={css.group}>{one.group}</span>
            </div>
          ))}
          {shown.length === 0 && <p className={css.none}>{none}</p>}
        </div>
      </div>
    </dialog>
  );
}
