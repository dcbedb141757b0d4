// DAG files that cannot be read.
import { useQuery } from "@tanstack/react-query";
import { dagsQuery } from "~/api/queries";
import { SectionView } from "~/components/admin/SectionView";
import { BrokenFiles } from "~/components/dags/BrokenFiles";
import { Empty, Failure, Waiting } from "~/components/Panel";

export default function ImportErrors() {
  const found = useQuery(dagsQuery());
  const broken = found.data?.broken;
  return (
    <SectionView title="Import errors" words="DAG files that cannot be read: where, and why. A file is read again when it changes.">
      {broken === undefined ? (
        found.error !== null ? <Failure error={found.error} again={() => void found.refetch()} /> : <Waiting />
      ) : broken.length === 0 ? (
        <Empty title="Every file can be read.">
          <p>
            One that cannot would stand here with its line and traceback. <code>venturi check FILE</code> says it before.
          </p>
        </Empty>
      ) : (
        <BrokenFiles files={broken} />
      )}
    </SectionView>
  );
}
