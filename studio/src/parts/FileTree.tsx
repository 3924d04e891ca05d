// Files of a job, model or data asset: a tree at the left, what is in the chosen one at the right.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useState } from "react";
import { PREFIX, raw } from "@/api/client";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { CodeEditor, type CodeLanguage } from "./CodeEditor";
import { parseCsv } from "./csv";
import { ErrorNote } from "./ErrorNote";
import { type FolderNode, previewOf, treeOf } from "./fileKinds";
import classes from "./FileTree.module.css";
import { Icon } from "./Icon";
import { partTexts } from "./texts";
import { useUrlState } from "./urlState";

export interface ListedFile {
  path: string;
  /** NaN while it is not known. */
  size: number;
  /** Another one when what is in the file is. */
  digest?: string;
  /** Whether MLflow logged it as a table. */
  is_table?: boolean;
}

interface FileTreeProps {
  label: string;
  files: readonly ListedFile[];
  /** Path below `/api/v1` that answers with a file's bytes. */
  contentOf(path: string): string;
  /** The word of the query that says which file is chosen; `file` without it. */
  word?: string;
  /** Shown until one is chosen. */
  first?: string | undefined;
  /** Draws a file in a way of its own; null leaves it to the usual preview. */
  show?(file: ListedFile): ReactNode | null;
}

export function FileTree({ label, files, contentOf, word = "file", first, show }: FileTreeProps) {
  const t = useTexts(partTexts);
  const [search, change] = useUrlState();
  const tree = useMemo(() => treeOf(files), [files]);
  const chosen = files.find((one) => one.path === (search[word] ?? first));
  if (!files.length) return <p className="faint">{t("emptyFolder")}</p>;
  return (
    <div className={classes.split}>
      <div role="tree" aria-label={label} className={classes.tree}>
        {tree.map((node) => (
          <Node key={node.path} node={node} level={1} chosen={chosen?.path} isFirst={node === tree[0]} onChoose={(path) => change({ [word]: path })} />
        ))}
      </div>
      <div className={classes.preview}>
        {chosen ? (show?.(chosen) ?? <Preview key={chosen.path} file={chosen} address={contentOf(chosen.path)} />) : <p className={classes.hint}>{t("chooseFile")}</p>}
      </div>
    </div>
  );
}

interface NodeProps {
  node: FolderNode;
  level: number;
  chosen: string | undefined;
  isFirst?: boolean;
  onChoose(path: string): void;
}

function Node({ node, level, chosen, isFirst, onChoose }: NodeProps) {
  const formats = useFormats();
  const isFolder = node.size === undefined;
  const [isOpen, setOpen] = useState(level < 3);
  const act = () => (isFolder ? setOpen(!isOpen) : onChoose(node.path));
  return (
    <>
      <div
        role="treeitem"
        aria-level={level}
        aria-expanded={isFolder ? isOpen : undefined}
        aria-selected={node.path === chosen}
        tabIndex={node.path === chosen || (chosen === undefined && isFirst) ? 0 : -1}
        className={classes.node}
        style={{ paddingLeft: 8 + (level - 1) * 16 }}
        onClick={act}
        onKeyDown={(event) => onTreeKey(event, act, isFolder ? setOpen : undefined)}
      >
        <Icon name={isFolder ? (isOpen ? "down" : "right") : "file"} size={14} />
        <span className="cut" title={node.name}>{node.name}</span>
        {isFolder || Number.isNaN(node.size) ? null : <span className={classes.size}>{formats.bytes(node.size ?? 0)}</span>}
      </div>
      {isFolder && isOpen ? node.below.map((one) => <Node key={one.path} node={one} level={level + 1} chosen={chosen} onChoose={onChoose} />) : null}
    </>
  );
}

function onTreeKey(event: KeyboardEvent<HTMLElement>, act: () => void, setOpen?: (isOpen: boolean) => void): void {
  const items = [...(event.currentTarget.closest('[role="tree"]')?.querySelectorAll<HTMLElement>('[role="treeitem"]') ?? [])];
  const at = items.indexOf(event.currentTarget);
  const moves: Record<string, () => void> = {
    ArrowDown: () => items[at + 1]?.focus(),
    ArrowUp: () => items[at - 1]?.focus(),
    Home: () => items[0]?.focus(),
    End: () => items.at(-1)?.focus(),
    ArrowRight: () => setOpen?.(true),
    ArrowLeft: () => setOpen?.(false),
    Enter: act,
    " ": act,
  };
  const move = moves[event.key];
  if (!move) return;
  event.preventDefault();
  move();
}

const MOST_BYTES = 2_000_000;
const MOST_IMAGE_BYTES = 20_000_000;
const MOST_ROWS = 200;

export function Preview({ file, address }: { file: ListedFile; address: string }) {
  const t = useTexts(partTexts);
  const formats = useFormats();
  const kind = previewOf(file.path);
  const isTooLarge = file.size > (kind === "image" ? MOST_IMAGE_BYTES : MOST_BYTES);
  return (
    <>
      <div className={classes.bar}>
        <span className="mono cut">{file.path}</span>
        <span className="faint">{formats.bytes(file.size)}</span>
        <Button component="a" href={PREFIX + address} download variant="default" size="compact-sm" leftSection={<Icon name="download" size={14} />}>
          {t("download")}
        </Button>
      </div>
      {kind === "none" ? (
        <p className={classes.hint}>{t("noPreview")}</p>
      ) : isTooLarge ? (
        <p className={classes.hint}>{t("tooLarge", { size: formats.bytes(file.size) })}</p>
      ) : kind === "image" ? (
        <ImagePreview path={file.path} address={address} />
      ) : (
        <TextPreview path={file.path} kind={kind} address={address} />
      )}
    </>
  );
}

const MEDIA: Record<string, string> = { svg: "image/svg+xml", jpg: "image/jpeg" };

/** A picture through a blob: the server gives users' files as downloads only, never as part of its own pages. */
export function ImagePreview({ path, address }: { path: string; address: string }) {
  const [source, setSource] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    const stop = new AbortController();
    let made: string | null = null;
    const end = path.split(".").pop()?.toLowerCase() ?? "";
    raw(address, { signal: stop.signal })
      .then((answer) => answer.arrayBuffer())
      .then((bytes) => {
        made = URL.createObjectURL(new Blob([bytes], { type: MEDIA[end] ?? `image/${end}` }));
        setSource(made);
      })
      .catch((reason: unknown) => stop.signal.aborted || setError(reason));
    return () => {
      stop.abort();
      if (made) URL.revokeObjectURL(made);
    };
  }, [path, address]);
  if (error) return <ErrorNote error={error} />;
  return source ? <img src={source} alt={path} className={classes.image} /> : null;
}

function TextPreview({ path, kind, address }: { path: string; kind: "table" | "json" | "code" | "text"; address: string }) {
  const { data: text, error } = useQuery({ queryKey: ["file", address], queryFn: async () => (await raw(address)).text() });
  if (error) return <ErrorNote error={error} />;
  if (text === undefined) return null;
  if (kind === "table") return <TablePreview text={text} />;
  return <CodeEditor label={path} value={kind === "json" ? indented(text) : text} language={languageOf(path, kind)} height="100%" />;
}

function languageOf(path: string, kind: string): CodeLanguage {
  if (kind === "json") return "json";
  if (kind === "code") return path.endsWith(".py") ? "python" : "yaml";
  return "text";
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text; // it says JSON and is none: shown as it is
  }
}

function TablePreview({ text }: { text: string }) {
  const t = useTexts(partTexts);
  const [heads = [], ...rows] = useMemo(() => parseCsv(text, MOST_ROWS + 1), [text]);
  return (
    <div className={classes.table} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {heads.map((one, index) => (
              <th key={index} scope="col">
                {one}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === MOST_ROWS ? <p className="faint">{t("showingRows", { count: rows.length })}</p> : null}
    </div>
  );
}
