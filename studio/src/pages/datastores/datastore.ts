// What of a datastore the pages show.
import type { Schemas } from "@/api/client";

export type Datastore =
  | Schemas["FileDatastore"]
  | Schemas["AzureBlobDatastore"]
  | Schemas["AzureFileDatastore"]
  | Schemas["AzureDataLakeGen2Datastore"]
  | Schemas["AzureDataLakeGen1Datastore"];

/** Return where its files lie, in its kind's own words. */
export function placeOf(store: Datastore): string {
  const words: (string | null | undefined)[] =
    "account_name" in store
      ? [store.account_name, "container_name" in store ? store.container_name : "file_share_name" in store ? store.file_share_name : "filesystem" in store ? store.filesystem : null]
      : "path" in store
        ? [store.path]
        : "store_name" in store
          ? [store.store_name]
          : [];
  return words.filter(Boolean).join(" / ");
}
