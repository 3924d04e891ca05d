// Where files for a request come in: a button, and a place to drop them. Several at once, for images.
import { Button } from "@mantine/core";
import { type DragEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { useTexts } from "@/i18n/texts";
import { Icon } from "@/parts/Icon";
import classes from "./Endpoint.module.css";
import { endpointTexts } from "./texts";

export function FilePicker({ onFiles }: { onFiles(files: readonly File[]): void }) {
  const t = useTexts(endpointTexts);
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button variant="default" leftSection={<Icon name="file" size={14} />} onClick={() => input.current?.click()}>
        {t("chooseFile")}
      </Button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={t("chooseFile")}
        accept=".json,.csv,.tsv,image/*"
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
    </>
  );
}

export function DropZone({ onFiles, children }: { onFiles(files: readonly File[]): void; children: ReactNode }) {
  const [isOver, setOver] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const newest = useRef(onFiles);
  newest.current = onFiles;
  useEffect(() => {
    // Before the editor sees it: it would insert the file's text where it was dropped.
    const stop = (event: globalThis.DragEvent) => {
      const files = [...(event.dataTransfer?.files ?? [])];
      if (!files.length) return;
      event.preventDefault();
      event.stopPropagation();
      setOver(false);
      newest.current(files);
    };
    const element = box.current;
    element?.addEventListener("drop", stop, { capture: true });
    return () => element?.removeEventListener("drop", stop, { capture: true });
  }, []);
  const over = (event: DragEvent, isNow: boolean) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    setOver(isNow);
  };
  return (
    <div ref={box} className={classes.drop} data-over={isOver || undefined} onDragOver={(event) => over(event, true)} onDragLeave={(event) => over(event, false)}>
      {children}
    </div>
  );
}

