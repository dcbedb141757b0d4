// What went and what came between two texts, each line with a sign as well as a colour.
import { useMemo } from "react";
import { changes, type DiffLine, differing } from "~/models/diff.model";
import css from "./DiffView.module.css";

const SIGNS: Record<DiffLine["kind"], string> = { same: " ", gone: "−", new: "+", gap: "" };

export default function DiffView({ before, after }: { before: string; after: string }) {
  const lines = useMemo(() => differing(before, after), [before, after]);
  const { gone, come } = changes(lines);
  if (gone + come === 0) return <p className={css.said}>The file is the same; what it imports or reads has changed.</p>;
  return (
    <>
      <p className={css.said}>
        {come} {come === 1 ? "line" : "lines"} came, {gone} went.
      </p>
      <pre className={css.diff} tabIndex={0} role="region" aria-label="Differences">
        {lines.map((line, at) => (
          <span key={at} className={css.line} data-kind={line.kind}>
            <span className={css.number}>{line.before ?? ""}</span>
            <span className={css.number}>{line.after ?? ""}</span>
            <span className={css.sign}>{SIGNS[line.kind]}</span>
            <span className={css.text}>{line.text || " "}</span>
          </span>
        ))}
      </pre>
    </>
  );
}
