// What a job logged for the eye: figures, images, tables; each is enlarged by a click.
import { Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { PREFIX, raw } from "@/api/client";
import { useTexts } from "@/i18n/texts";
import { CellRows } from "@/parts/CellRows";
import { parseCsv } from "@/parts/csv";
import { EmptyState } from "@/parts/EmptyState";
import { ErrorNote } from "@/parts/ErrorNote";
import { ImagePreview, type ListedFile } from "@/parts/FileTree";
import { previewOf } from "@/parts/fileKinds";
import { Icon } from "@/parts/Icon";
import { partTexts } from "@/parts/texts";
import { useUrlState } from "@/parts/urlState";
import { fileAddress, filesQuery } from "./job";
import classes from "./Job.module.css";
import { captionOf, type Cell, pictures, tableOf, tables, webPages } from "./pictures";
import { jobTexts } from "./texts";

export function Images({ ws, name }: { ws: string; name: string }) {
  const t = useTexts(jobTexts);
  const parts = useTexts(partTexts);
  const [search, change] = useUrlState();
  const { data: files, error } = useQuery(filesQuery(ws, name));
  if (error) return <ErrorNote error={error} />;
  if (!files) return null;
  const shown = pictures(files);
  const logged = tables(files);
  const pages = webPages(files);
  if (!shown.length && !logged.length && !pages.length) {
    return <EmptyState icon="image" title={t("noImagesTitle")} text={t("noImagesText")} samples={[{ form: "Python", text: 'import mlflow\n\nmlflow.log_figure(figure, "confusion_matrix.png")\nmlflow.log_image(image, key="sample", step=step)\nmlflow.log_table({"text": texts, "score": scores}, "scores.json")' }]} />;
  }
  const large = shown.find((one) => one.path === search.image);
  return (
    <>
      <div className={classes.gallery}>
        {shown.map((file) => (
          <figure key={file.path} className={`panel ${classes.card}`}>
            <button type="button" className={classes.picture} aria-label={t("enlarge", { name: file.path })} onClick={() => change({ image: file.path })}>
              <WhenSeen>
                <ImagePreview path={file.path} address={fileAddress(ws, name, file.path, file.digest)} />
              </WhenSeen>
            </button>
            <Caption ws={ws} name={name} file={file} />
          </figure>
        ))}
        {logged.map((file) => (
          <LoggedTable key={file.path} ws={ws} name={name} file={file} files={files} />
        ))}
        {pages.map((file) => (
          <figure key={file.path} className={`panel ${classes.card}`}>
            <div className={classes.offered}>
              <Icon name="chart" size={26} />
              <p className="faint">{t("webPage")}</p>
            </div>
            <Caption ws={ws} name={name} file={file} />
          </figure>
        ))}
      </div>
      <Modal opened={large !== undefined} onClose={() => change({ image: undefined })} title={large?.path} size="auto" closeButtonProps={{ "aria-label": parts("close") }}>
        {large ? (
          <div className={classes.large}>
            <ImagePreview path={large.path} address={fileAddress(ws, name, large.path, large.digest)} />
          </div>
        ) : null}
      </Modal>
    </>
  );
}

function Caption({ ws, name, file }: { ws: string; name: string; file: ListedFile }) {
  const t = useTexts(jobTexts);
  const parts = useTexts(partTexts);
  const caption = captionOf(file.path);
  return (
    <figcaption>
      <span className="cut" title={file.path}>
        {caption.name}
        {caption.step === undefined ? null : <span className="faint">{` · ${t("ofStep", { step: caption.step })}`}</span>}
      </span>
      <a href={PREFIX + fileAddress(ws, name, file.path)} download aria-label={`${parts("download")} ${file.path}`}>
        <Icon name="download" size={14} />
      </a>
    </figcaption>
  );
}

/** Draws what is inside once it comes near the screen: a job may have logged thousands of images. */
function WhenSeen({ children }: { children: React.ReactNode }) {
  const [place, setPlace] = useState<HTMLElement | null>(null);
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (!place || isSeen) return undefined;
    const watcher = new IntersectionObserver((found) => found.some((one) => one.isIntersecting) && setSeen(true), { rootMargin: "400px" });
    watcher.observe(place);
    return () => watcher.disconnect();
  }, [place, isSeen]);
  return <span ref={setPlace}>{isSeen ? children : null}</span>;
}

const MOST_ROWS = 8;

function LoggedTable({ ws, name, file, files }: { ws: string; name: string; file: ListedFile; files: readonly ListedFile[] }) {
  const t = useTexts(jobTexts);
  const address = fileAddress(ws, name, file.path, file.digest);
  const shown = (cell: Cell) => (typeof cell === "string" ? cell : <ImagePreview path={cell.image} address={fileAddress(ws, name, cell.image, files.find((one) => one.path === cell.image)?.digest)} />);
  const { data: text } = useQuery({ queryKey: ["file", address], queryFn: async () => (await raw(address)).text() });
  const found = text === undefined ? null : previewOf(file.path) === "table" ? parseCsv(text, MOST_ROWS + 1) : tableOf(text, MOST_ROWS);
  const [heads, ...rows] = found ?? [];
  return (
    <figure className={`panel ${classes.card}`}>
      <div className={classes.facts} style={{ height: 230 }} tabIndex={0} role="group" aria-label={file.path}>
        {heads ? (
          <table>
            <thead>
              <tr>
                {heads.map((one, index) => (
                  <th key={index} scope="col">
                    {shown(one)}
                  </th>
                ))}
              </tr>
            </thead>
            <CellRows rows={rows} show={shown} />
          </table>
        ) : (
          <p className={classes.note}>{text === undefined ? "" : t("plainFile")}</p>
        )}
      </div>
      <Caption ws={ws} name={name} file={file} />
    </figure>
  );
}
