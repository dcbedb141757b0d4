// Which keys do what here.
import { Dialog } from "~/components/Dialog";
import { type Shortcut, shownKeys, useShortcuts } from "./keys";
import css from "./Shortcuts.module.css";

export function Shortcuts({ onClose }: { onClose: () => void }) {
  const groups = new Map<string, Shortcut[]>();
  for (const one of useShortcuts()) {
    const name = one.group ?? "On this page";
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  return (
    <Dialog title="Shortcuts" onClose={onClose}>
      <div className={css.groups}>
        {[...groups].map(([name, all]) => (
          <section key={name}>
            <h3>{name}</h3>
            <dl className={css.list}>
              {all.map((one) => (
                <div key={one.keys}>
                  <dt>{one.label}</dt>
                  <dd>
                    {shownKeys(one.keys).map((key, at) => (
                      <kbd key={at}>{key}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
