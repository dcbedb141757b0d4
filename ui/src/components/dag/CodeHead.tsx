// Which version of a DAG's file is shown, and beside which other.
import type { Schemas } from "~/api/client";
import { useZone } from "~/app/clock";
import { absolute, secondsOf } from "~/models/time.model";
import { Select } from "../Field";
import css from "./CodeHead.module.css";

export interface CodeHeadProps {
  versions: Schemas["DagVersion"][]; // newest first
  version: number | undefined;
  other: number | null;
  onVersion: (version: number) => void;
  onOther: (version: number | null) => void;
}

export function CodeHead({ versions, version, other, onVersion, onOther }: CodeHeadProps) {
  const zone = useZone();
  const named = (one: Schemas["DagVersion"], at: number) =>
    `${one.version_number}${at === 0 ? ", in use" : ""}, since ${absolute(secondsOf(one.created_at) ?? 0, zone).slice(0, 16)}`;
  return (
    <header className={css.head}>
      <label>
        Version
        <Select value={version ?? ""} onChange={(event) => onVersion(Number(event.target.value))}>
          {versions.map((one, at) => (
            <option key={one.version_number} value={one.version_number}>
              {named(one, at)}
            </option>
          ))}
        </Select>
      </label>
      {versions.length > 1 && (
        <label>
          Beside
          <Select value={other ?? ""} onChange={(event) => onOther(event.target.value === "" ? null : Number(event.target.value))}>
            <option value="">no other</option>
            {versions.map((one, at) =>
              one.version_number === version ? null : (
                <option key={one.version_number} value={one.version_number}>
                  {named(one, at)}
                </option>
              ),
            )}
          </Select>
        </label>
      )}
      <span className={css.bundle}>{versions[0]?.bundle_name}</span>
    </header>
  );
}
