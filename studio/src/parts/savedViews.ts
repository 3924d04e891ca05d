// Where this browser keeps the saved views of a table.
import type { Search } from "./urlState";

export type SavedViews = Record<string, Search>;

export const viewsPlace = (table: string): string => `views.${table}`;
