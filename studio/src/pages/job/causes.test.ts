import { expect, test } from "vitest";
import { failureOf } from "./causes";

const failed = (last: string) => failureOf({ code: "job.failed", message: `The script ended with exit code 1. Its last lines:\n    Traceback\n      File "a.py"\n    ${last}` });

test("the message comes apart into what happened and the log's last lines", () => {
  const { headline, lines } = failed("ValueError: x");
  expect(headline).toBe("The script ended with exit code 1.");
  expect(lines).toBe('Traceback\n  File "a.py"\nValueError: x');
});

test.each([
  ["ModuleNotFoundError: No module named 'lightgbm'", "causeModule", "lightgbm"],
  ["FileNotFoundError: [Errno 2] No such file or directory: '/mnt/x.csv'", "causeFile", "/mnt/x.csv"],
  ["FileNotFoundError: No such file: /mnt/data/labels.csv", "causeFile", "/mnt/data/labels.csv"],
  ["KeyError: 'output'", "causeColumn", "output"],
  ["train.py: error: unrecognized arguments: --lr 0.1", "causeArguments", ""],
  ["MemoryError", "causeMemory", ""],
])("%s", (last, key, name) => {
  expect(failed(last).cause).toEqual({ key, name });
});

test("what is not known is not guessed", () => {
  expect(failed("RuntimeError: odd").cause).toBeNull();
  expect(failureOf({ message: "Stopped.", reason: "timeout" }).cause?.key).toBe("causeTimeout");
  expect(failureOf({ code: "environment.unsolvable", message: "no" }).cause?.key).toBe("causeEnvironment");
});
