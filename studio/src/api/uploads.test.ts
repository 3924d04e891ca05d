// Digests agree with Node's, whatever the pieces; only what the server lacks is sent.
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { Sha256 } from "./sha256";
import { digestOf, referenceTo } from "./uploads";

const nodes = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const bytesOf = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 3)) & 255);

test.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 1000, 70_001])("%i bytes have the digest that Node finds", (length) => {
  const bytes = bytesOf(length);
  expect(new Sha256().update(bytes).hex()).toBe(nodes(bytes));
});

test("pieces of any size give the same digest", () => {
  const bytes = bytesOf(5000);
  for (const size of [1, 7, 63, 64, 65, 999]) {
    const hash = new Sha256();
    for (let at = 0; at < bytes.length; at += size) hash.update(bytes.subarray(at, at + size));
    expect(hash.hex()).toBe(nodes(bytes));
  }
});

test("a file is hashed piece by piece, and stops when it is told to", async () => {
  const bytes = bytesOf(9_000_000);
  let seen = 0;
  const digest = await digestOf(new Blob([bytes]), new AbortController().signal, (more) => (seen += more));
  expect([digest, seen]).toEqual([nodes(bytes), bytes.length]);
  const stopped = AbortSignal.abort(new Error("stopped"));
  await expect(digestOf(new Blob([bytes]), stopped, () => undefined)).rejects.toThrow("stopped");
});

test("one file and one folder keep their names in the reference", () => {
  expect(referenceTo("t", [{ path: "heart.csv" }])).toBe("azureml:trees/t/heart.csv");
  expect(referenceTo("t", [{ path: "src/a.py" }, { path: "src/b/c.py" }])).toBe("azureml:trees/t/src");
  expect(referenceTo("t", [{ path: "a" }, { path: "b" }])).toBe("azureml:trees/t");
});
