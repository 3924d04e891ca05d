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
  const { type, task, training_data, target_column_name, primary_metric, positive_label, limits, training, featurization, validation_data, validation_data_size, n_cross_validations, cv_split_column_names, weight_column_name, environment_id } = jobOf(w);
  const isSound = !problemsOf(w).some((one) => ["noNumber", "whole", "aboveZero", "share", "twoFolds"].includes(one.fault));
  const { column_name_and_types: types, mode } = (featurization ?? {}) as { column_name_and_types?: unknown; mode?: string };
  // Of the modes, only one changes what is found.
  const features = { ...(mode === "off" ? { mode } : {}), ...(types ? { column_name_and_types: types } : {}) };
  return {
    type,
    training_data,
    // Of a former job: columns that are no features, and where it runs.
    cv_split_column_names,
    weight_column_name,
    environment_id,
    ...(Object.keys(features).length ? { featurization: features } : {}),
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

/** Ask until the answer is there. Once the choices are others the question is taken back: the server then turns to the next. */
async function checked(ws: string, job: unknown, signal: AbortSignal): Promise<DataCheck> {
  for (;;) {
    const found = await send<DataCheck>("POST", `${inWorkspace(ws, "tables", "checks")}?wait_s=20`, job, signal);
    if (found.state !== "computing") return found;
  }
}
