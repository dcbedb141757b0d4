// Which zone times are told in: here, UTC, or any that the browser knows.
import { useMemo, useState } from "react";
import { Finder, type Offered } from "~/components/Finder";
import { found } from "~/models/palette.model";
import { clockOf, offsetOf } from "~/models/time.model";
import { zoneName } from "~/models/zones.model";
import { allZones, chooseZone, now, ownZone, useZone } from "./clock";

const MANY = 50;

export function ZoneChooser({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const zone = useZone();
  const offered = useMemo<Offered[]>(
    () =>
      [...new Set([zone, ownZone, "UTC", ...allZones()])].map((one) => ({
        id: one,
        label: zoneName(one),
        words: one,
        group: one === zone ? "Chosen" : one === ownZone ? "Here" : "",
        aside: () => `${clockOf(now(), one)}  ${offsetOf(now(), one)}`,
        run: () => chooseZone(one),
      })),
    [zone],
  );
  const shown = useMemo(() => found(offered, typed, MANY), [offered, typed]);
  return (
    <Finder
      label="Time zone"
      hint="The zone that times are told in: a city or a part of the world"
      typed={typed}
      onTyped={setTyped}
      shown={shown}
      none="The browser knows no zone of that name."
      onClose={onClose}
    />
  );
}
