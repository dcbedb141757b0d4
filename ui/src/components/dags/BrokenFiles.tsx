// Files that cannot be read: where, why, and the lines around.
import { useState } from "react";
import type { Schemas } from "~/api/client";
import { Code } from "../Code";
import { ChevronIcon, WarningIcon } from "../icons";
import { RelativeTime } from "../Time";
import css from "./BrokenFiles.module.css";

type BrokenFile = Schemas["BrokenFile"];

export function BrokenFiles({ files }: { files: BrokenFile[] }) {
  if (files.length === 0) return null;
  return (
    <section className={css.files} aria-label="Files that cannot be read">
      {files.map((one) => (
        <Broken key={one.file} file={one} />
      ))}
    </section>
  );
}

function Broken({ file }: { file: BrokenFile }) {
  const [open, setOpen] = useState(false);
  const name = file.at_file.split("/").slice(-2).join("/");
  return (
    <div className={css.file}>
      <button type="button" className={css.head} aria-expanded={open} onClick={() => setOpen(!open)}>
        <WarningIcon />
        <span className={css.where}>
          {name}
          {file.line !== null && `:${file.line}`}
        </span>
        <span className={css.what}>
          {file.kind !== null && <b>{file.kind}: </b>}
          {file.message}
        </span>
        <span className={css.when}>
          <RelativeTime at={file.at} absent="" />
        </span>
        <ChevronIcon />
      </button>
      {open && (
        <div className={css.more}>
          <p className={css.path}>{file.at_file}</p>
          {file.code.length > 0 && (
            <Code
              code={file.code.map((line) => line.text).join("\n")}
              language="python"
              firstLine={file.code[0]!.number}
              marked={file.line === null ? [] : [file.line]}
              label={`Around line ${file.line}`}
            />
          )}
          <details>
            <summary>Traceback</summary>
            <Code code={file.trace} numbered={false} wrap label="Traceback" />
          </details>
        </div>
      )}
    </div>
  );
}
