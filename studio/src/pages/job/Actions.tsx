// What is done with one job: run again, register, compare, cancel, archive, delete.
import { ActionIcon, Button, Menu } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { inWorkspace, send } from "@/api/client";
import { asApiError } from "@/api/errors";
import { whileGoing } from "@/api/going";
import { useTexts } from "@/i18n/texts";
import { fetchedDialog } from "@/parts/fetched";
import { useServerWords } from "@/parts/serverWords";
import { Icon } from "@/parts/Icon";
import { isFinal } from "@/parts/statuses";
import { DeleteJobs } from "../jobs/Bulk";
import { isAutoML, isCandidate } from "./automl/automl";
import { CompareTo } from "./CompareTo";
import { Rename } from "./Rename";
import type { JobFacts } from "./job";
import { jobTexts } from "./texts";

const RegisterModel = fetchedDialog(() => import("./RegisterModel").then((found) => found.default));

export function Actions({ ws, name, job }: JobFacts) {
  const t = useTexts(jobTexts);
  const words = useServerWords();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<"register" | "compare" | "rename" | "delete" | null>(null);
  const close = () => setDialog(null);
  const isRun = String(job.type) === "base";
  const isEnded = isFinal(job.status ?? "") || isRun;
  const post = async (word: "cancel" | "archive" | "restore", told: "cancelling" | "archivedJob" | "restoredJob") => {
    try {
      await send("POST", inWorkspace(ws, "jobs", name, word));
      notifications.show({ message: t(told) });
    } catch (reason) {
      notifications.show({ color: "red", message: words.of(asApiError(reason)) });
    }
  };
  // AutoML's own pages say what can be done with its models.
  const best = isAutoML(job) || isCandidate(job) ? undefined : String(job.type) === "sweep" ? job.properties?.best_child_run_id : name;
  return (
    <>
      {isEnded ? null : (
        <Button variant="default" leftSection={<Icon name="stop" size={14} />} onClick={() => void post("cancel", "cancelling")}>
          {t("cancelJob")}
        </Button>
      )}
      {isRun ? null : (
        <Button variant={job.status === "Failed" ? "filled" : "default"} component={Link} to={`/workspaces/${encodeURIComponent(ws)}/jobs/create?from=${encodeURIComponent(name)}`} leftSection={<Icon name="refresh" size={14} />}>
          {t("again")}
        </Button>
      )}
      {best ? (
        <Button variant={job.status === "Completed" ? "filled" : "default"} leftSection={<Icon name="models" size={14} />} onClick={() => setDialog("register")}>
          {t("register")}
        </Button>
      ) : null}
      <Menu position="bottom-end" width={230}>
        <Menu.Target>
          <ActionIcon variant="default" size={30} c="var(--b-text)" aria-label={t("moreActions")}>
            <Icon name="more" size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<Icon name="chart" size={14} />} onClick={() => setDialog("compare")}>
            {t("compareTo")}
          </Menu.Item>
          <Menu.Item leftSection={<Icon name="edit" size={14} />} onClick={() => setDialog("rename")}>
            {t("rename")}
          </Menu.Item>
          <Menu.Item leftSection={<Icon name="folder" size={14} />} onClick={() => void (job.archived ? post("restore", "restoredJob") : post("archive", "archivedJob"))}>
            {t(job.archived ? "restore" : "archive")}
          </Menu.Item>
          <Menu.Item color="red" leftSection={<Icon name="trash" size={14} />} disabled={!isEnded} onClick={() => setDialog("delete")}>
            {t("remove")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {dialog === "register" && best ? <RegisterModel ws={ws} job={best} onClose={close} /> : null}
      {dialog === "compare" ? <CompareTo ws={ws} name={name} onClose={close} /> : null}
      {dialog === "rename" ? <Rename ws={ws} name={name} job={job} onClose={close} /> : null}
      {dialog === "delete" ? (
        <DeleteJobs
          ws={ws}
          names={[name]}
          onClose={close}
          onDelete={() =>
            whileGoing(
              queries,
              name,
              () => send("DELETE", inWorkspace(ws, "jobs", name)),
              () => navigate({ to: "/workspaces/$ws/jobs", params: { ws } }),
            )
          }
        />
      ) : null}
    </>
  );
}
