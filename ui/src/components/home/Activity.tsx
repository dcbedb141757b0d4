// How many runs ended in each quarter of an hour: failures stand above what succeeded.
import { useZone } from "~/app/clock";
import { type Glance, sums } from "~/models/home.model";
import { clockOf } from "~/models/time.model";
import css from "./Activity.module.css";

const HEIGHT = 64;

export function Activity({ activity }: { activity: Glance["activity"] }) {
  const zone = useZone();
  const { success, failed } = sums(activity);
  const most = Math.max(1, ...activity.success.map((n, at) => n + activity.failed[at]!));
  const height = (n: number) => (n === 0 ? 0 : Math.max(3, (n / most) * HEIGHT));
  const width = 100 / activity.success.length;
  return (
    <svg
      className={css.activity}
      viewBox={`0 0 100 ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`In the last day ${success} runs succeeded and ${failed} failed.`}
    >
      {activity.success.map((n, at) => {
        const bad = activity.failed[at]!;
        if (n + bad === 0) return null;
        const x = at * width + width * 0.12;
        const good = height(n);
        return (
          <g key={at}>
            <title>{`${clockOf(activity.since + at * activity.bucket_s, zone)}: ${n} succeeded, ${bad} failed`}</title>
            {n > 0 && <rect className={css.success} x={x} width={width * 0.76} y={HEIGHT - good} height={good} />}
            {bad > 0 && <rect className={css.failed} x={x} width={width * 0.76} y={Math.max(0, HEIGHT - good - height(bad) - 1)} height={height(bad)} />}
          </g>
        );
      })}
    </svg>
  );
}
