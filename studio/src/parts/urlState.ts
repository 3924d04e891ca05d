// The state of a view lives in the query string: what is on screen can be sent as a link and survives a reload.
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

export type Search = Record<string, string | undefined>;

/** Return the query as flat words, and what changes some of them; `undefined` or "" removes one. */
export function useUrlState(): [Search, (changes: Search) => void] {
  const search: Search = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = useCallback(
    (changes: Search) => void navigate({ to: ".", search: (before: Search) => filled({ ...before, ...changes }), replace: true }),
    [navigate],
  );
  return [search, change];
}

/** Return a query without its empty words. */
export function filled(search: Search): Search {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined && value !== ""));
}

/** Read a query string into flat words: no JSON, so that a person can read and write the address. */
export function parseSearch(text: string): Search {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: Record<string, unknown>): string {
  const words = Object.entries(filled(search as Search)).map(([key, value]) => [key, String(value)] as [string, string]);
  const text = new URLSearchParams(words).toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
  return text ? `?${text}` : "";
}
