// One calm line while something of Venturi is away. It goes by itself when that is back.
import { useEffect, useState, useSyncExternalStore } from "react";
import { events } from "~/api/events";
import css from "./Banner.module.css";

const PATIENCE_MS = 700; // a restart that takes no longer is not worth a word

export function Banner() {
  const { web, engine, database } = useSyncExternalStore(events.watch, () => events.standing);
  const words =
    web === false
      ? "Venturi does not answer. What you see is as it was; this page goes on by itself when it is back."
      : database === false
        ? "The database does not answer. What you see is as it was; this page goes on by itself when it is back."
        : engine === false
          ? "The engine is away. Tasks at work go on; nothing new starts until it is back. This page goes on by itself."
          : null;
  const [shown, setShown] = useState<string | null>(null);
  useEffect(() => {
    if (words === null) {
      setShown(null);
      return;
    }
    const timer = window.setTimeout(() => setShown(words), PATIENCE_MS);
    return () => window.clearTimeout(timer);
  }, [words]);
  return (
    <div role="status" className={css.place}>
      {shown !== null && <div className={css.banner}>{shown}</div>}
    </div>
  );
}
