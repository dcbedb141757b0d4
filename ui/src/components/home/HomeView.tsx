// Everything at a glance.
import { useNow, useZone } from "~/app/clock";
import { Link } from "~/app/router";
import { type Glance, type OpenRun, share, shortly, sums } from "~/models/home.model";
import { links } from "~/models/links.model";
import { runOf } from "~/models/runs.model";
import { clockOf } from "~/models/time.model";
import { Empty, Panel } from "../Panel";
import { StateGlyph } from "../StateGlyph";
import { Duration, RelativeTime } from "../Time";
import { Activity } from "./Activity";
import css from "./HomeView.module.css";

export function HomeView({ glance }: { glance: Glance }) {
  const broken = glance.failed.filter((one) => !one.mended).length;
  return (
    <div className={css.page}>
      <header className={css.head}>
        <h1>{headline(glance, broken)}</h1>
        <ul className={css.facts}>
          <Fact n={glance.dags} one="DAG" many="DAGs" href={links.dags()} />
          {glance.paused > 0 && <Fact n={glance.paused} one="paused" many="paused" href={`${links.dags()}?state=paused`} />}
          {glance.broken > 0 && <Fact n={glance.broken} one="broken file" many="broken files" href={links.dags()} danger />}
          {glance.questions > 0 && (
            <Fact n={glance.questions} one="question waits" many="questions wait" href={links.approvals()} />
          )}
        </ul>
      </header>
      <div className={css.columns}>
        <div className={css.main}>
          <Panel title="Running now" more={glance.unfinished > glance.running.length ? `${glance.running.length} of ${glance.unfinished}` : undefined} flush>
            {glance.running.length === 0 ? (
              <Quiet glance={glance} />
            ) : (
              <ul className={css.list}>
                {glance.running.map((one) => (
                  <Running key={`${one.dag_id} ${one.run[1]}`} open={one} />
                ))}
              </ul>
            )}
          </Panel>
          <Panel title="Failed" more={broken === 0 && glance.failed.length > 0 ? "all mended since" : undefined} flush>
            {glance.failed.length === 0 ? (
              <Empty title="Nothing has failed in the last day." />
            ) : (
              <ul className={css.list}>
                {glance.failed.map((one) => (
                  <Failed key={`${one.dag_id} ${one.run[1]}`} one={one} />
                ))}
              </ul>
            )}
          </Panel>
        </div>
        <div className={css.side}>
          <LastDay glance={glance} />
          <Panel title="Next" flush>
            {glance.coming.length === 0 ? (
              <Empty title="Nothing is due.">
                <p>A DAG that is active and has a schedule stands here with its next date.</p>
              </Empty>
            ) : (
              <ul className={css.list}>
                {glance.coming.map((one) => (
                  <li key={one.dag_id} className={css.next}>
                    <Link href={links.dag(one.dag_id)} className={css.name} title={one.schedule ?? undefined}>
                      {one.name}
                    </Link>
                    <RelativeTime at={one.at} />
                  </li>
                ))}
              </ul>
            )}
          </Panel>
        </div>
      </div>
    </div>
  );
}

function headline(glance: Glance, broken: number): string {
  if (glance.dags === 0 && glance.broken === 0) return "No DAGs yet";
  const runs = glance.unfinished;
  const doing = runs === 0 ? "Nothing runs" : runs === 1 ? "One run at work" : `${runs} runs at work`;
  return broken === 0 ? doing : `${doing}, ${broken === 1 ? "one failure" : `${broken} failures`} to look at`;
}

function Quiet({ glance }: { glance: Glance }) {
  if (glance.dags === 0) {
    return (
      <Empty title="Put a DAG file into the dags folder.">
        <p>
          It is here a moment after it is saved. The folder is <code>dags/</code> in Venturi's home, or the one that{" "}
          <code>--dags</code> names.
        </p>
      </Empty>
    );
  }
  const [next] = glance.coming;
  return (
    <Empty title="Nothing runs at the moment.">
      {next === undefined ? (
        <p>
          Start a DAG from <Link href={links.dags()}>the list</Link>.
        </p>
      ) : (
        <p>
          Next is <Link href={links.dag(next.dag_id)}>{next.name}</Link>, <RelativeTime at={next.at} />.
        </p>
      )}
    </Empty>
  );
}

function Fact({ n, one, many, href, danger = false }: { n: number; one: string; many: string; href: string; danger?: boolean }) {
  return (
    <li>
      <Link href={href} className={css.fact} data-danger={danger || undefined}>
        <b className="numbers">{n}</b> {n === 1 ? one : many}
      </Link>
    </li>
  );
}

function Running({ open }: { open: OpenRun }) {
  const run = runOf(open.run);
  const { over, all } = share(open);
  const busy = [...open.at_work].sort((a, b) => a.task_id.localeCompare(b.task_id) || a.map_index - b.map_index);
  return (
    <li className={css.run} data-state={run.state}>
      <StateGlyph state={run.state} />
      <div className={css.what}>
        <div className={css.top}>
          <Link href={links.run(open.dag_id, run.runId)} className={css.name}>
            {open.name}
          </Link>
          <span className={css.id}>{run.runId}</span>
        </div>
        <div className={css.tasks}>
          {busy.length === 0 && <span>{open.paused ? "waits: the DAG is paused" : run.state === "queued" ? "waits to start" : "waits"}</span>}
          {busy.map((one) => (
            <Link
              key={`${one.task_id} ${one.map_index}`}
              href={links.task(open.dag_id, run.runId, one.task_id, { map: one.map_index })}
              className={css.task}
            >
              <StateGlyph state={one.state} size={11} />
              {one.task_id}
              {one.map_index >= 0 && `[${one.map_index}]`}
            </Link>
          ))}
        </div>
        <div className={css.progress} role="progressbar" aria-label="Tasks that are over" aria-valuemin={0} aria-valuemax={all} aria-valuenow={over}>
          <span style={{ width: `${all === 0 ? 0 : (100 * over) / all}%` }} />
        </div>
      </div>
      <div className={css.figures}>
        <Duration from={run.started} to={null} />
        <span className="numbers">
          {over} of {all}
        </span>
      </div>
    </li>
  );
}

function Failed({ one }: { one: Glance["failed"][number] }) {
  const run = runOf(one.run);
  return (
    <li className={css.run} data-mended={one.mended || undefined}>
      <StateGlyph state="failed" />
      <div className={css.what}>
        <div className={css.top}>
          <Link href={links.run(one.dag_id, run.runId)} className={css.name}>
            {one.name}
          </Link>
          <span className={css.id}>{run.runId}</span>
        </div>
        <p className={css.why}>{one.why === null ? "Why is known when the engine is back." : shortly(one.why)}</p>
      </div>
      <div className={css.figures}>
        <RelativeTime at={run.ended} />
        {one.mended && <span className={css.mended}>succeeded since</span>}
      </div>
    </li>
  );
}

function LastDay({ glance }: { glance: Glance }) {
  const zone = useZone();
  const now = useNow();
  const { success, failed } = sums(glance.activity);
  return (
    <Panel
      title="Last 24 hours"
      more={
        <span className={css.sums}>
          <StateGlyph state="success" size={11} /> <span className="numbers">{success}</span>
          <StateGlyph state="failed" size={11} /> <span className="numbers">{failed}</span>
        </span>
      }
    >
      <Activity activity={glance.activity} />
      <div className={css.axis} aria-hidden="true">
        <span className="numbers">{clockOf(glance.activity.since, zone)}</span>
        <span className="numbers">{clockOf(now - 12 * 3600, zone)}</span>
        <span>now</span>
      </div>
    </Panel>
  );
}
