// Rows of jobs from the plain list, for a server without `jobs/rows`. To be deleted once every server has it.
import { json, inWorkspace, query } from "./client";
import type { JobRow, Rows, RowsQuery } from "./queries";

interface PlainJob {
  name: string;
  display_name?: string;
  type: string;
  status: string;
  experiment_name?: string;
  parent_job_name?: string;
  creation_context?: { created_at?: string; created_by?: string };
  started_at?: string;
  ended_at?: string;
  status_reason?: string;
  error?: { message?: string };
  tags?: Record<string, string>;
}

/** Newest first; of the words of `asked` only search, place and archived ones are understood. */
export async function olderRows(ws: string, asked: RowsQuery): Promise<Rows<JobRow>> {
  const words = query({ limit: 1000, list_view_type: asked.list_view_type, parent_job_name: asked.parent_job_name });
  const { items } = await json<{ items: PlainJob[] }>(`${inWorkspace(ws, "jobs")}${words}`);
  const wanted = (asked.search ?? "").toLowerCase();
  const fitting = items.filter((one) => `${one.name} ${one.display_name} ${one.experiment_name}`.toLowerCase().includes(wanted));
  const offset = asked.offset ?? 0;
  return { items: fitting.slice(offset, offset + (asked.limit ?? 200)).map(rowOf), total: fitting.length, offset };
}

function rowOf(job: PlainJob): JobRow {
  const { creation_context, tags, ...same } = job;
  return {
    experiment_name: "",
    ...same,
    display_name: job.display_name ?? job.name,
    created_at: creation_context?.created_at ?? "",
    user: creation_context?.created_by ?? "",
    archived: false,
    children: 0,
    metrics: {},
    params: {},
    tags: tags ?? {},
  };
}
