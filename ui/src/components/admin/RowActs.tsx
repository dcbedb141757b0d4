// What can be done to one row.
import { MoreIcon } from "../icons";
import { Menu } from "../Menu";

export interface RowAct {
  label: string;
  run: () => void;
  danger?: boolean;
}

export function RowActs({ of, acts }: { of: string; acts: RowAct[] }) {
  return (
    <Menu
      kind="quiet"
      size="small"
      label={`Actions for ${of}`}
      wordless
      button={<MoreIcon />}
      items={acts.map((one) => ({ id: one.label, label: one.label, onChoose: one.run, ...(one.danger && { danger: true }) }))}
    />
  );
}
