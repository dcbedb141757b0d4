// Code with line numbers. It is there at once as plain text; its colours come when the grammar has been loaded.
import { Fragment, type ReactNode, useEffect, useMemo, useState } from "react";
import type { Root, RootContent } from "hast";
import css from "./Code.module.css";

export type Language = "python" | "json" | "yaml" | "bash" | "sql" | "diff" | "text";

export interface CodeProps {
  code: string;
  language?: Language;
  firstLine?: number;
  numbered?: boolean;
  /** Lines that are meant, by their numbers. */
  marked?: readonly number[];
  wrap?: boolean;
  label?: string;
}

const PLAIN_FROM_CHARS = 400_000;

export function Code({ code, language = "text", firstLine = 1, numbered = true, marked = [], wrap = false, label }: CodeProps) {
  const [tree, setTree] = useState<Root | null>(null);
  useEffect(() => {
    let gone = false;
    setTree(null);
    if (language !== "text" && code.length < PLAIN_FROM_CHARS) {
      void import("./highlight").then(({ highlight }) => {
        if (!gone) setTree(highlight(code, language));
      });
    }
    return () => {
      gone = true;
    };
  }, [code, language]);
  const lines = useMemo(() => (tree === null ? code.split("\n") : linesOf(tree)), [tree, code]);
  return (
    <pre className={css.code} data-wrap={wrap || undefined} tabIndex={0} aria-label={label ?? "Code"} role="region">
      <code>
        {lines.map((line, at) => (
          <span key={at} className={css.line} data-marked={marked.includes(firstLine + at) || undefined}>
            {numbered && <span className={css.number} data-number={firstLine + at} />}
            <span className={css.text}>
              {line}
              {"\n"}
            </span>
          </span>
        ))}
      </code>
    </pre>
  );
}

/** The tree cut at its line ends. */
function linesOf(tree: Root): ReactNode[] {
  const lines: ReactNode[][] = [[]];
  const walk = (nodes: RootContent[], className: string) => {
    for (const node of nodes) {
      if (node.type === "text") {
        for (const [at, part] of node.value.split("\n").entries()) {
          if (at > 0) lines.push([]);
          if (part !== "") lines[lines.length - 1]!.push(className ? <span className={className}>{part}</span> : part);
        }
      } else if (node.type === "element") {
        const own = (node.properties.className as string[] | undefined) ?? [];
        walk(node.children as RootContent[], [className, ...own].join(" ").trim());
      }
    }
  };
  walk(tree.children, "");
  return lines.map((parts) => parts.map((part, at) => <Fragment key={at}>{part}</Fragment>));
}
