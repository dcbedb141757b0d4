// What one looks for among the DAGs.
import { SearchInput } from "../Field";
import { Menu } from "../Menu";
import { Button } from "../Button";
import { CrossIcon, DownIcon } from "../icons";
import { Segments } from "../Segments";
import css from "./DagFilters.module.css";

export interface DagFiltersProps {
  shown: number;
  all: number;
  text: string;
  tags: [string, number][];
  chosen: string[];
  owners: [string, number][];
  owner: string;
  state: string;
  onText: (text: string) => void;
  onTags: (tags: string[]) => void;
  onOwner: (owner: string) => void;
  onState: (state: string) => void;
}

const STATES: [string, string][] = [
  ["", "All"],
  ["active", "Active"],
  ["paused", "Paused"],
  ["running", "Running"],
  ["failed", "Failed last"],
];

export function DagFilters(props: DagFiltersProps) {
  const { shown, all, text, tags, chosen, owners, owner, state } = props;
  return (
    <div className={css.filters}>
      <h1 className="unseen">DAGs</h1>
      <div className={css.search}>
        <SearchInput id="dags-search" label="Search the DAGs" hint="Search by name, tag, owner  ( / )" value={text} onChange={props.onText} />
      </div>
      <div className={css.states}>
        <Segments label="State" choices={STATES.map(([id, label]) => ({ id, label }))} chosen={[state]} onChoose={props.onState} />
      </div>
      {tags.length > 0 && (
        <Menu
          side="start"
          label="Filter by tag"
          button={
            <>
              Tags <DownIcon />
            </>
          }
          items={tags.map(([tag, n]) => ({
            id: tag,
            label: tag,
            hint: n,
            checked: chosen.includes(tag),
            onChoose: () => props.onTags(chosen.includes(tag) ? chosen.filter((one) => one !== tag) : [...chosen, tag]),
          }))}
        />
      )}
      {(owners.length > 1 || owner !== "") && (
        <Menu
          side="start"
          label="Filter by owner"
          button={
            <>
              {owner || "Owner"} <DownIcon />
            </>
          }
          items={[
            { id: "", label: "All", checked: owner === "", onChoose: () => props.onOwner("") },
            ...owners.map(([name, n]) => ({
              id: name,
              label: name,
              hint: n,
              checked: owner === name,
              onChoose: () => props.onOwner(name),
            })),
          ]}
        />
      )}
      {chosen.map((tag) => (
        <Button key={tag} size="small" label={`Without the tag ${tag}`} onClick={() => props.onTags(chosen.filter((one) => one !== tag))}>
          {tag} <CrossIcon />
        </Button>
      ))}
      <span className={css.count} role="status">
        {shown === all ? `${all} ${all === 1 ? "DAG" : "DAGs"}` : `${shown} of ${all}`}
      </span>
    </div>
  );
}
