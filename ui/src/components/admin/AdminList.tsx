// A list of settings with what can be done to it: the head, the rows, and what stands there while there are none.
import type { ReactNode } from "react";
import { type Column, DataTable } from "../DataTable";
import { SearchInput } from "../Field";
import { Failure, Waiting } from "../Panel";
import { RowActs, type RowAct } from "./RowActs";
import { SectionView } from "./SectionView";
import css from "./Admin.module.css";

export interface AdminListProps<Row> {
  title: string;
  words: ReactNode;
  acts?: ReactNode;
  asked: { data: Row[] | undefined; error: unknown; refetch: () => unknown };
  /** A field that leaves those alone whose text holds what is typed. */
  find?: { label: string; text: string; onText: (text: string) => void; textOf: (row: Row) => string };
  columns: Column<Row>[];
  keyOf: (row: Row) => string;
  /** Where there is nothing at all. */
  empty?: ReactNode;
  /** The dialogs above it. */
  children?: ReactNode;
}

export function AdminList<Row>({ title, words, acts, asked, find, columns, keyOf, empty, children }: AdminListProps<Row>) {
  const all = asked.data;
  const wanted = find?.text.toLowerCase() ?? "";
  const rows = find === undefined ? all : all?.filter((row) => find.textOf(row).toLowerCase().includes(wanted));
  return (
    <SectionView
      title={title}
      words={words}
      acts={
        <>
          {find !== undefined && (
            <div className={css.search}>
              <SearchInput label={find.label} value={find.text} onChange={find.onText} />
            </div>
          )}
          {acts}
        </>
      }
    >
      {all === undefined || rows === undefined ? (
        asked.error !== null ? <Failure error={asked.error} again={() => void asked.refetch()} /> : <Waiting />
      ) : (
        <DataTable label={title} columns={columns} rows={rows} keyOf={keyOf} empty={all.length > 0 ? `None holds “${find?.text ?? ""}”.` : empty} />
      )}
      {children}
    </SectionView>
  );
}

/** What a row is called: a button that opens it, for who may change it. */
export function nameColumn<Row>(header: string, width: string, nameOf: (row: Row) => string, onOpen: ((row: Row) => void) | false): Column<Row> {
  return {
    id: "name",
    header,
    width,
    cell: (row) =>
      onOpen !== false ? (
        <button type="button" className={css.open} onClick={() => onOpen(row)}>
          {nameOf(row)}
        </button>
      ) : (
        nameOf(row)
      ),
  };
}

/** What can be done to a row, at its end. */
export function actsColumn<Row>(nameOf: (row: Row) => string, actsOf: ((row: Row) => RowAct[]) | false): Column<Row> {
  return { id: "acts", header: "", width: "34px", cell: (row) => actsOf !== false && <RowActs of={nameOf(row)} acts={actsOf(row)} /> };
}
