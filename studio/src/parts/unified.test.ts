import { expect, test } from "vitest";
import { unifiedLines } from "./unified";

const DIFF = `--- a/x.py
+++ b/x.py
@@ -1,2 +1,2 @@
 import os
-a = 1
+a = 2
@@ -10,1 +10,2 @@
 end
+--- no head
`;

test("a unified diff is read with the numbers of both sides", () => {
  expect(unifiedLines(DIFF)).toEqual([
    { kind: "same", text: "import os", from: 1, to: 1 },
    { kind: "removed", text: "a = 1", from: 2 },
    { kind: "added", text: "a = 2", to: 2 },
    null,
    { kind: "same", text: "end", from: 10, to: 10 },
    { kind: "added", text: "--- no head", to: 11 },
  ]);
});
