// Another job, as the document of a new one.
import { inWorkspace, json, type Schemas, send } from "@/api/client";
import { type Doc, isMap } from "./document";

/** Return another job as the document of a new one. Throws ApiError. */
export async function formerJob(ws: string, name: string): Promise<Doc> {
  const { yaml } = await json<Schemas["JobSpecification"]>(inWorkspace(ws, "jobs", name, "specification"));
  const found = await send<Schemas["JobDraft"]>("POST", inWorkspace(ws, "jobs", "draft"), { yaml });
  const document: Doc = found.document ?? {};
  return withoutEmpty(isMap(document.trial) ? { ...document, trial: withoutEmpty(document.trial) } : document);
}

const withoutEmpty = (doc: Doc): Doc => Object.fromEntries(Object.entries(doc).filter(([, value]) => !isMap(value) || Object.keys(value).length > 0));
