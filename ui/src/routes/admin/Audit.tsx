// Who did what, newest first.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useDeferredValue, useMemo } from "react";
import { auditPage } from "~/api/admin";
import type { Schemas } from "~/api/client";
import { useQuery as useAddressed } from "~/app/router";
import css from "~/components/admin/Admin.module.css";
import { SectionView } from "~/components/admin/SectionView";
import { Button } from "~/components/Button";
import { type Column, DataTable } from "~/components/DataTable";
import { SearchInput } from "~/components/Field";
import { Failure, Waiting } from "~/components/Panel";
import { AbsoluteTime } from "~/components/Time";

type Line = Schemas["AuditLine"];

const COLUMNS: Column<Line>[] = [
  { id: "at", header: "When", width: "150px", cell: (one) => <AbsoluteTime at={one.at} /> },
  { id: "who", header: "Who", width: "0 1 60px", cell: (one) => one.who },
  {
    id: "what",
    header: "What",
    width: "2 1 90px",
    cell: (one) => (
      <>
        {one.what} <span className={css.narrow}>{one.about}</span>
      </>
    ),
  },
  { id: "about", header: "About", width: "3 1 160px", from: 480, cell: (one) => <span className={css.mono}>{one.about}</span> },
  { id: "origin", header: "From", width: "1 1 90px", from: 800, cell: (one) => <span className={css.faint}>{one.origin}</span> },
];

export default function Audit() {
  const [text, setText] = useAddressed("q");
  const wanted = useDeferredValue(text);
  const found = useInfiniteQuery({
    queryKey: ["audit", wanted],
    queryFn: ({ pageParam, signal }) => auditPage(wanted, pageParam, signal),
    initialPageParam: null as number | null,
    getNextPageParam: (page) => page.at(-1)?.id,
    placeholderData: (before) => before,
    staleTime: 0, // no event tells of its lines
  });
  const rows = useMemo(() => found.data?.pages.flat() ?? [], [found.data]);
  return (
    <SectionView
      title="Audit"
      words={
        <>
          Who did what: sign-ins, accounts, and every change over the API. The record is a chain;{" "}
          <code className={css.unbroken}>venturi audit --verify</code> says whether it is whole.
        </>
      }
      acts={
        <>
          <div className={css.search}>
            <SearchInput label="Search the audit" value={text} onChange={setText} />
          </div>
          <Button onClick={() => void found.refetch()}>Read anew</Button>
        </>
      }
    >
      {found.data === undefined ? (
        found.error !== null ? <Failure error={found.error} again={() => void found.refetch()} /> : <Waiting rows={12} />
      ) : (
        <DataTable
          label="Audit"
          columns={COLUMNS}
          rows={rows}
          rowHeight={30}
          keyOf={(one) => String(one.id)}
          onEnd={() => found.hasNextPage && !found.isFetching && void found.fetchNextPage()}
          empty={text === "" ? "Nothing is written yet." : `No line holds “${text}”.`}
        />
      )}
    </SectionView>
  );
}
