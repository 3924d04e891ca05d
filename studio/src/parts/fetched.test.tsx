// What is drawn where a part's code cannot be fetched.
import { MantineProvider } from "@mantine/core";
import { notifications, notificationsStore } from "@mantine/notifications";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { type ReactNode, StrictMode, Suspense, useState } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { setLanguage } from "@/i18n/language";
import { fetchedDialog, fetchedPart } from "./fetched";
import { lazyOr } from "./lazyOr";
import { OnDemand, type OpenButton } from "./OnDemand";

afterEach(() => {
  cleanup();
  notifications.clean();
  setLanguage("en");
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

const Outer = ({ children }: { children: ReactNode }) => (
  <StrictMode>
    <MantineProvider>
      <h1>Job</h1>
      {children}
    </MantineProvider>
  </StrictMode>
);
const draw = (part: ReactNode) => act(async () => void render(<Outer>{part}</Outer>));

test("a tab that cannot be fetched leaves the page, says so, and is asked for again by its button", async () => {
  const Metrics = ({ name }: { name: string }) => <p>Metrics of {name}</p>;
  const load = vi.fn<() => Promise<typeof Metrics>>(away);
  const Part = fetchedPart(load);
  await draw(<Part name="one" />);
  expect(screen.getByRole("heading", { name: "Job" })).toBeTruthy();
  expect(screen.getByRole("alert").textContent).toContain("could not be fetched");
  const retry = () => act(async () => void fireEvent.click(screen.getByRole("button", { name: "Try again" })));
  const before = load.mock.calls.length;
  await retry();
  expect(load).toHaveBeenCalledTimes(before + 1);
  expect(screen.getByRole("alert")).toBeTruthy();
  load.mockImplementation(() => Promise.resolve(Metrics));
  await retry();
  expect(screen.getByText("Metrics of one")).toBeTruthy();
  expect(screen.queryByRole("alert")).toBeNull();
});

test("a tab that is opened again is asked for again, and once it is there no more", async () => {
  const Metrics = () => <p>Metrics</p>;
  const load = vi.fn<() => Promise<typeof Metrics>>(away);
  const Part = fetchedPart(load);
  await draw(<Part />);
  cleanup();
  load.mockImplementation(() => Promise.resolve(Metrics));
  await draw(<Part />);
  expect(screen.getByText("Metrics")).toBeTruthy();
  const before = load.mock.calls.length;
  cleanup();
  await draw(<Part />);
  expect(load).toHaveBeenCalledTimes(before);
});

test("a dialog that cannot be fetched is closed, a message says so in the page's language, and the next click asks again", async () => {
  const Register = ({ onClose }: { onClose(): void }) => (
    <button type="button" onClick={onClose}>
      Close
    </button>
  );
  const load = vi.fn<() => Promise<typeof Register>>(away);
  const Dialog = fetchedDialog(load);
  const Page = () => {
    const [isOpen, setOpen] = useState(false);
    return (
      <>
        <button type="button" onClick={() => setOpen(true)}>
          Register
        </button>
        {isOpen ? <Dialog onClose={() => setOpen(false)} /> : null}
      </>
    );
  };
  setLanguage("pt-BR");
  await draw(<Page />);
  const click = () => act(async () => void fireEvent.click(screen.getByRole("button", { name: "Register" })));
  await click();
  expect(notificationsStore.getState().notifications.map((one) => one.message)).toEqual([expect.stringContaining("Não foi possível buscar")]);
  expect(screen.getByRole("heading", { name: "Job" })).toBeTruthy();
  load.mockImplementation(() => Promise.resolve(Register));
  await click();
  expect(screen.getByRole("button", { name: "Close" })).toBeTruthy();
});
