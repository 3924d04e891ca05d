// What is drawn where a part's code cannot be fetched.
import { notifications, notificationsStore } from "@mantine/notifications";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { Suspense } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { lazyOr } from "./lazyOr";
import { OnDemand, type OpenButton } from "./OnDemand";

afterEach(() => {
  cleanup();
  notifications.clean();
});

const away = () => Promise.reject(new TypeError("Failed to fetch dynamically imported module"));

test("a menu that cannot be fetched leaves its button, says so once, and is asked for again by the next click", async () => {
  const Menu = ({ button, word }: { button: OpenButton; word: string }) => (
    <>
      {button}
      <p>{word}</p>
    </>
  );
  const load = vi.fn<() => Promise<typeof Menu>>(away);
  render(<OnDemand kind="menu" load={load} given={{ word: "opened" }} button={<button type="button">Language</button>} />);
  const click = () => act(async () => void fireEvent.click(screen.getByRole("button", { name: "Language" })));
  await click();
  await click();
  expect(load).toHaveBeenCalledTimes(2);
  expect(notificationsStore.getState().notifications.map((one) => one.message)).toEqual([expect.stringContaining("could not be fetched")]);
  expect(screen.queryByText("opened")).toBeNull();
  load.mockImplementation(() => Promise.resolve(Menu));
  await click();
  expect(screen.getByText("opened")).toBeTruthy();
});

test("a part that nobody clicked for is drawn in a plain way", async () => {
  const Hint = lazyOr<{ label: string }>(away, ({ label }) => <span title={label}>Queued</span>);
  await act(async () => void render(<Suspense fallback="…"><Hint label="why" /></Suspense>));
  expect(screen.getByTitle("why").textContent).toBe("Queued");
});
