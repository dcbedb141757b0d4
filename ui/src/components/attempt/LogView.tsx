// The log of a try, of any length: it opens at its end, is read in pieces towards where one looks, and is followed
// while it is written.
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { findInLog, followLog, logFile, logPiece, type TaskName } from "~/api/tasks";
import { useZone } from "~/app/clock";
import { useKeys } from "~/app/keys";
import {
  appended,
  atLeast,
  EMPTY,
  type Level,
  lineAt,
  type LogLine,
  type LogWindow,
  opened,
  prepended,
  shown,
  sizeOf,
} from "~/models/log.model";
import { absolute, clockOf } from "~/models/time.model";
import { Button } from "../Button";
import { SearchInput, Select } from "../Field";
import { DownIcon, DownloadIcon, UpIcon, WarningIcon } from "../icons";
import { Empty, Failure, Waiting } from "../Panel";
import css from "./LogView.module.css";

export interface LogViewProps {
  task: TaskName;
  tryNumber: number;
  /** What to say while nothing has been printed. */
  quiet: string;
}

const LINE = 20;
const NEAR_PX = 600;
const AROUND_BYTES = 128 * 1024;

interface Places {
  of: string;
  places: number[];
  more: boolean;
  at: number;
}

export function LogView({ task, tryNumber, quiet }: LogViewProps) {
  const [log, setLog] = useState<LogWindow>(EMPTY);
  const [state, setState] = useState<"reading" | "there" | unknown>("reading");
  const [sticks, setSticks] = useState(true);
  const [level, setLevel] = useState<Level>("debug");
  const [text, setText] = useState("");
  const [found, setFound] = useState<Places | null>(null);
  const [marked, setMarked] = useState<number | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLDivElement>(null);
  const busy = useRef(false);
  const lastTop = useRef(0);
  const latest = useRef(log);
  latest.current = log;
  const { dagId, runId, taskId, mapIndex } = task;
  const name = useMemo<TaskName>(() => ({ dagId, runId, taskId, mapIndex }), [dagId, runId, taskId, mapIndex]);

  const atEnd = log.end >= log.size;
  const follows = state === "there" && !log.over && atEnd;
  const lines = useMemo(() => atLeast(log.lines, level), [log.lines, level]);

  const read = useCallback(async () => {
    setLog(opened(await logPiece(name, tryNumber, {})));
    setState("there");
    setSticks(true);
    setMarked(null);
  }, [name, tryNumber]);

  useEffect(() => {
    const gone = new AbortController();
    setState("reading");
    setLog(EMPTY);
    setFound(null);
    setMarked(null);
    setSticks(true);
    logPiece(name, tryNumber, {}, gone.signal).then(
      (piece) => {
        setLog(opened(piece));
        setState("there");
      },
      (error: unknown) => {
        if (!gone.signal.aborted) setState(error);
      },
    );
    return () => gone.abort();
  }, [name, tryNumber]);

  useEffect(() => {
    if (!follows) return;
    return followLog(name, tryNumber, latest.current.end, (piece) => setLog((log) => appended(log, piece)));
  }, [follows, name, tryNumber]);

  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => LINE,
    overscan: 20,
    getItemKey: (at) => lines[at]!.at,
  });

  // At the end it stays there.
  useLayoutEffect(() => {
    if (sticks && lines.length > 0) virtual.scrollToIndex(lines.length - 1, { align: "end" });
  }, [sticks, lines, virtual]);

  const more = useCallback(
    async (direction: "before" | "after") => {
      if (busy.current) return;
      busy.current = true;
      try {
        const { begin, end } = latest.current;
        const piece = await logPiece(name, tryNumber, direction === "before" ? { end: begin } : { begin: end });
        if (direction === "after") setLog((log) => appended(log, piece));
        else {
          // What is in sight stays where it is.
          const first = virtual.getVirtualItems().find((item) => item.end > (box.current?.scrollTop ?? 0));
          const key = first?.key;
          const within = (box.current?.scrollTop ?? 0) - (first?.start ?? 0);
          setLog((log) => prepended(log, piece));
          keep.current = key === undefined ? null : { at: Number(key), within };
        }
      } catch {
        // The banner tells of it; scrolling tries again.
      } finally {
        busy.current = false;
      }
    },
    [name, tryNumber, virtual],
  );
  const keep = useRef<{ at: number; within: number } | null>(null);
  useLayoutEffect(() => {
    const kept = keep.current;
    if (kept === null) return;
    keep.current = null;
    const place = lineAt(lines, kept.at);
    const offset = place < 0 ? undefined : virtual.getOffsetForIndex(place, "start")?.[0];
    if (offset !== undefined) virtual.scrollToOffset(offset + kept.within);
  }, [lines, virtual]);

  const scrolled = () => {
    const el = box.current;
    if (el === null) return;
    const up = el.scrollTop < lastTop.current - 2;
    lastTop.current = el.scrollTop;
    const below = el.scrollHeight - el.scrollTop - el.clientHeight;
    if (up && below > LINE) setSticks(false);
    else if (below < 4 && atEnd) setSticks(true);
    if (up && el.scrollTop < NEAR_PX && log.begin > 0) void more("before");
    if (!up && below < NEAR_PX && log.end < log.size) void more("after");
  };

  const goTo = useCallback(
    async (place: number) => {
      setSticks(false);
      setMarked(place);
      const { begin, end } = latest.current;
      if (place < begin || place >= end) {
        const before = place > 0 ? await logPiece(name, tryNumber, { end: place, bytes: AROUND_BYTES }) : null;
        const after = await logPiece(name, tryNumber, { begin: place, bytes: AROUND_BYTES });
        setLog(before === null ? opened(after) : appended(opened(before), after));
      }
      aim.current = place;
      setAimed((n) => n + 1);
    },
    [name, tryNumber],
  );
  const aim = useRef<number | null>(null);
  const [aimed, setAimed] = useState(0);
  useLayoutEffect(() => {
    if (aim.current === null) return;
    const place = lineAt(lines, aim.current);
    if (place < 0) return;
    aim.current = null;
    virtual.scrollToIndex(place, { align: "center" });
  }, [aimed, lines, virtual]);

  const look = async (wanted: { text: string } | "errors", from: "first" | "last") => {
    const of = wanted === "errors" ? "errors" : `"${wanted.text}"`;
    try {
      const { places, more } = await findInLog(name, tryNumber, wanted);
      const at = from === "first" ? 0 : places.length - 1;
      setFound({ of, places, more, at });
      if (places[at] !== undefined) await goTo(places[at]);
    } catch (error) {
      setState(error);
    }
  };
  const step = (by: number) => {
    if (found === null || found.places.length === 0) return;
    const at = (found.at + by + found.places.length) % found.places.length;
    setFound({ ...found, at });
    goTo(found.places[at]!).catch(setState);
  };
  const sought = text.trim();
  const isFound = found !== null && found.of === `"${sought}"`;
  const toEnd = () => {
    if (atEnd) setSticks(true);
    else void read().catch(setState);
  };
  useKeys([
    { keys: "/", label: "Search the log", group: "Log", run: () => search.current?.querySelector("input")?.focus() },
    { keys: "e", label: "First error", group: "Log", run: () => void look("errors", "first") },
    { keys: "n", label: "Next found", group: "Log", run: () => step(1) },
    { keys: "N", label: "Found before", group: "Log", run: () => step(-1) },
    { keys: "G", label: "End of the log", group: "Log", run: toEnd },
  ]);

  if (state !== "reading" && state !== "there") {
    return <Failure error={state} again={() => void read().catch(setState)} />;
  }
  return (
    <div className={css.log}>
      <div className={css.bar}>
        <div
          ref={search}
          className={css.search}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || sought === "") return;
            if (isFound) step(event.shiftKey ? 1 : -1);
            else void look({ text: sought }, "last");
          }}
        >
          <SearchInput label="Search the log" hint="Search, Enter" value={text} onChange={setText} />
        </div>
        {found !== null && (
          <span className={css.found} role="status">
            {found.places.length === 0
              ? found.of === "errors"
                ? "no errors"
                : "not found"
              : `${found.of === "errors" ? "error " : ""}${found.at + 1} of ${found.places.length}${found.more ? "+" : ""}`}
          </span>
        )}
        {found !== null && found.places.length > 1 && (
          <>
            <Button size="small" kind="quiet" label="Found before" onClick={() => step(-1)}>
              <UpIcon />
            </Button>
            <Button size="small" kind="quiet" label="Next found" onClick={() => step(1)}>
              <DownIcon />
            </Button>
          </>
        )}
        <div className={css.rest}>
          <Button size="small" kind="quiet" title="To the first error (e)" onClick={() => void look("errors", "first")}>
            <WarningIcon /> First error
          </Button>
          <div className={css.level}>
            <Select aria-label="Least level" value={level} onChange={(event) => setLevel(event.target.value as Level)}>
              <option value="debug">all levels</option>
              <option value="info">info and above</option>
              <option value="warning">warnings and errors</option>
              <option value="error">errors</option>
            </Select>
          </div>
          <a className={css.download} href={logFile(name, tryNumber)} download title={`All of it, ${sizeOf(log.size)}`}>
            <DownloadIcon />
            <span className={css.bytes}>{sizeOf(log.size)}</span>
            <span className="unseen">Download the log</span>
          </a>
        </div>
      </div>
      <div className={css.frame}>
        <div
          ref={box}
          className={css.box}
          role="log"
          aria-live="off"
          aria-label={`Log of try ${tryNumber}`}
          tabIndex={0}
          onScroll={scrolled}
        >
          {state === "reading" && <Waiting rows={8} label="Reading the log" />}
          {state === "there" && lines.length === 0 && (
            <Empty title={log.size === 0 ? quiet : "No line here is of that level."}>
              {log.size > 0 && log.begin > 0 && <p>Of a long log its last part alone has been read.</p>}
            </Empty>
          )}
          {state === "there" && log.begin > 0 && (
            <button type="button" className={css.earlier} onClick={() => void more("before")}>
              {sizeOf(log.begin)} before this: read on
            </button>
          )}
          <div className={css.lines} style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map((item) => (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                className={css.place}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <Line line={lines[item.index]!} wanted={isFound ? sought : ""} marked={lines[item.index]!.at === marked} />
              </div>
            ))}
          </div>
        </div>
        {state === "there" && (!sticks || !atEnd) && lines.length > 0 && (
          <button type="button" className={css.end} onClick={toEnd}>
            <DownIcon /> {follows ? "Follow" : "To the end"}
          </button>
        )}
        {follows && sticks && <span className={css.live}>live</span>}
      </div>
    </div>
  );
}

const Line = memo(function Line({ line, wanted, marked }: { line: LogLine; wanted: string; marked: boolean }) {
  const zone = useZone();
  const parts = useMemo(() => shown(line.text, wanted), [line.text, wanted]);
  return (
    <div className={css.line} data-level={line.level} data-marked={marked || undefined}>
      <span className={css.time} title={line.time === null ? undefined : absolute(line.time, zone, true)}>
        {line.time === null ? "" : clockOf(line.time, zone, true)}
      </span>
      <span className={css.text}>
        {line.level !== "info" && line.level !== "debug" && <span className="unseen">{line.level}: </span>}
        {parts.map((part, at) => (
          <span
            key={at}
            className={part.hit ? css.hit : undefined}
            data-hue={part.hue}
            data-back={part.back}
            data-bold={part.bold}
            data-dim={part.dim}
            data-italic={part.italic}
            data-underline={part.underline}
          >
            {part.text}
          </span>
        ))}
      </span>
    </div>
  );
});
