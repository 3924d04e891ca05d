// Messages are seen even where the code of their corner cannot be fetched.
import { notifications } from "@mantine/notifications";
import { act, render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { Messages } from "./Messages";

vi.mock("./Corner", () => {
  throw new TypeError("Failed to fetch dynamically imported module");
});

test("a message is shown without its corner, and goes by itself", async () => {
  render(<Messages />);
  act(() => void notifications.show({ message: "could not be fetched", color: "red" }));
  expect((await screen.findByRole("alert")).textContent).toBe("could not be fetched");
  await vi.waitFor(() => expect(screen.queryByRole("alert")).toBeNull(), 30_000);
});
