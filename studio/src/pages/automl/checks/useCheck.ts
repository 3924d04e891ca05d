// Asks the server what it finds in the data, again whenever the choices that matter for it change.
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { inWorkspace, type Schemas, send } from "@/api/client";
import { jobOf, problemsOf, type Wizard } from "../wizard";

export type DataCheck = Schemas["DataCheck"];

const PAUSE_MS = 300; // after the last change

/** Return the part of the job that the checks depend on; null while there are no data. */
export function checkedPart(w: Wizard): Record<string, unknown> | null {
  if (!w.data) return null;
  const { type, task, training_data, target_column_name, primary_metric, positive_label, limits, training, featurization, validation_data, validation_data_size, n_cross_validations } = jobOf(w);
  const isSound = !problemsOf(w).some((one) => ["noNumber", "whole", "aboveZero", "share", "twoFolds"].includes(one.fault));
  const types = (featurization as { column_name_and_types?: unknown } | undefined)?.column_name_and_types;
  return {
    type,
    training_data,
    ...(types ? { featurization: { column_name_and_types: types } } : {}),
    // A target is judged by its task.
    ...(task && target_column_name ? { task, target_column_name, primary_metric, positive_label } : {}),
    ...(isSound ? { limits, training, validation_data, validation_data_size, n_cross_validations } : {}),
  };
}

export function useCheck(ws: string, w: Wizard) {
  const part = checkedPart(w);
  const [asked] = useDebouncedValue(part ? JSON.stringify(part) : "", PAUSE_MS);
  const path = part ? String((part.training_data as { path: string }).path) : "";
  return useQuery({
    queryKey: ["ws", ws, "checks", path, asked],
    queryFn: ({ signal }) => checked(ws, JSON.parse(asked), signal),
    // The debounced words may still be of the data before.
    enabled: asked !== "" && asked.includes(JSON.stringify(path)),
    retry: false,
    placeholderData: (before, query) => (query?.queryKey[3] === path ? before : undefined),
  });
}

async function checked(ws: string, job: unknown, signal: AbortSignal): Promise<DataCheck> {
  for (;;) {
    const found = await send<DataCheck>("POST", `${inWorkspace(ws, "tables", "checks")}?wait_s=20`, job);
    if (found.state !== "computing" || signal.aborted) return found;
  }
}
