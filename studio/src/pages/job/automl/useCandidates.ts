// The leaderboard of an AutoML job, kept up to date while it runs.
import { useQuery } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import { useTrials } from "../../sweep/useTrials";
import type { Candidate } from "./automl";

export function useCandidates(ws: string, name: string) {
  // A new best is logged to the job itself, and told sooner than what lists show.
  const { dataUpdatedAt } = useQuery({ queryKey: [...keys.metrics(ws, name), "pulse"], queryFn: () => Date.now() });
  return useTrials<Candidate>(ws, name, dataUpdatedAt);
}
