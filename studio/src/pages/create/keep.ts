// The job that is being written, kept for a reload of its tab.
import { forgetDraft, keepDraft, keptDraft } from "@/parts/drafts";
import type { Doc } from "./document";

const KIND = "draft";

export const keep = (ws: string, document: Doc): void => keepDraft(KIND, ws, document);
export const kept = (ws: string): Doc | null => keptDraft<Doc>(KIND, ws);
export const forget = (ws: string): void => forgetDraft(KIND, ws);
