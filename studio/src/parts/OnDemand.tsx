// A button that is drawn at once, and whose menu or form is fetched when somebody goes for it: not before the first screen.
import { cloneElement, type ComponentType, type ReactElement, useEffect, useRef, useState } from "react";
import { useNotFetched } from "./fetched";

interface ButtonProps {
  onClick?(): void;
  onFocus?(): void;
  onPointerEnter?(): void;
  "aria-haspopup"?: "menu" | "dialog";
  "aria-expanded"?: boolean;
  ref?: React.Ref<HTMLButtonElement>;
}
export type OpenButton = ReactElement<ButtonProps>;

interface OnDemandProps<P> {
  /** Fetches what the button opens; it takes the button's place, and draws it in the same way. */
  load(): Promise<ComponentType<P & { button: OpenButton }>>;
  kind: "menu" | "dialog";
  button: OpenButton;
  /** What the opened part needs to know. */
  given: P;
}

export function OnDemand<P extends object>({ load, kind, button, given }: OnDemandProps<P>) {
  const [Part, setPart] = useState<ComponentType<P & { button: OpenButton }> | null>(null);
  const refuse = useNotFetched();
  if (Part) return <Part {...given} button={button} />;
  const begin = () => void load().catch(() => undefined);
  // Not thrown: the page around the button goes on without what it opens, and the next click asks again.
  const open = () => void load().then((found) => setPart(() => found), refuse);
  return cloneElement(button, { "aria-haspopup": kind, "aria-expanded": false, onFocus: begin, onPointerEnter: begin, onClick: open });
}

/**
 * For the part that took a button's place: it opens by itself, with the focus on its button, where closing leads back to.
 * `toggles`: a click on the button opens and closes it; a `Menu` does that by itself, a `Popover` does not.
 */
export function useOpening(button: OpenButton, { toggles = false } = {}) {
  const place = useRef<HTMLButtonElement>(null);
  const [opened, setOpened] = useState(false);
  useEffect(() => {
    place.current?.focus();
    setOpened(true);
  }, []);
  return { opened, onChange: setOpened, target: cloneElement(button, { ref: place, ...(toggles ? { onClick: () => setOpened(!opened) } : {}) }) };
}
