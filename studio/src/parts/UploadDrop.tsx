// Where files and folders are dropped or picked: they are hashed here, and only those that the server lacks are sent.
import "@mantine/core/styles/Progress.css";
import { Button, Progress as Bar } from "@mantine/core";
import { type DragEvent, useEffect, useRef, useState } from "react";
import { dropped, type LocalFile, picked, type Progress, sendFiles, type SentTree } from "@/api/uploads";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { ErrorNote } from "./ErrorNote";
import { Icon } from "./Icon";
import { partTexts } from "./texts";
import classes from "./UploadDrop.module.css";

interface UploadDropProps {
  ws: string;
  /** `files`: one or more files; `folder`: a folder alone; `both`. */
  takes?: "files" | "folder" | "both";
  accept?: string;
  onSent(sent: SentTree, files: readonly LocalFile[]): void;
}

export function UploadDrop({ ws, takes = "both", accept, onSent }: UploadDropProps) {
  const t = useTexts(partTexts);
  const formats = useFormats();
  const [isOver, setOver] = useState(false);
  const [progress, setProgress] = useState<Progress | null>(null);
  const [done, setDone] = useState<SentTree | null>(null);
  const [error, setError] = useState<unknown>(null);
  const work = useRef<AbortController | null>(null);
  useEffect(() => () => work.current?.abort(), []);
  const start = async (files: readonly LocalFile[]) => {
    if (!files.length) return;
    work.current?.abort();
    const mine = new AbortController();
    work.current = mine;
    setError(null);
    setDone(null);
    try {
      const sent = await sendFiles(ws, files, setProgress, mine.signal);
      setDone(sent);
      onSent(sent, files);
    } catch (reason) {
      if (!mine.signal.aborted) setError(reason);
    } finally {
      if (work.current === mine) setProgress(null);
    }
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void dropped(event.dataTransfer.items).then(start);
  };
  const share = progress?.totalBytes ? (progress.doneBytes / progress.totalBytes) * 100 : 0;
  return (
    <div
      className={classes.drop}
      data-over={isOver || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <span className={classes.icon}>
        <Icon name="upload" size={22} />
      </span>
      <p>{t("dropHere")}</p>
      <div className={classes.pickers}>
        <span className="faint">{t("orChoose")}</span>
        {takes === "folder" ? null : <Picker label={t("chooseFiles")} accept={accept} onFiles={(files) => void start(files)} />}
        {takes === "files" ? null : <Picker label={t("chooseFolder")} isFolder onFiles={(files) => void start(files)} />}
      </div>
      <div role="status" className={classes.status}>
        {progress ? (
          <>
            <Bar value={share} aria-label={t("sending", { sent: "", total: "" })} w="100%" size="sm" />
            <span className="faint cut">
              {progress.stage === "hashing"
                ? t("hashing", { name: progress.name })
                : t("sending", { sent: formats.bytes(progress.doneBytes), total: formats.bytes(progress.totalBytes) })}
            </span>
            <Button variant="default" size="compact-xs" onClick={() => work.current?.abort()}>
              {t("stopUpload")}
            </Button>
          </>
        ) : null}
        {done ? (
          <span>
            <Icon name="check" size={14} /> {t("sent")} {done.known ? <span className="faint">{t("known", { count: done.known })}</span> : null}
          </span>
        ) : null}
      </div>
      {error ? <ErrorNote error={error} /> : null}
    </div>
  );
}

interface PickerProps {
  label: string;
  accept?: string | undefined;
  isFolder?: boolean;
  onFiles(files: LocalFile[]): void;
}

function Picker({ label, accept, isFolder, onFiles }: PickerProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button variant="default" size="compact-sm" onClick={() => input.current?.click()}>
        {label}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        aria-label={label}
        accept={accept}
        {...(isFolder ? { webkitdirectory: "" } : {})}
        onChange={(event) => {
          onFiles(picked(event.target.files ?? new DataTransfer().files));
          event.target.value = "";
        }}
      />
    </>
  );
}
