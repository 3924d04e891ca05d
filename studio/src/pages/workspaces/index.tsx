// All workspaces: open, create, delete by typing the name.
import { ActionIcon, Button, Modal, Textarea, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { inWorkspace, send } from "@/api/client";
import { keys } from "@/api/keys";
import { workspacesQuery } from "@/api/queries";
import { useTexts } from "@/i18n/texts";
import { ConfirmDelete } from "@/parts/ConfirmDelete";
import { CopyId } from "@/parts/CopyId";
import { ErrorNote } from "@/parts/ErrorNote";
import { Icon } from "@/parts/Icon";
import { Page } from "@/parts/Page";
import { ShowCode } from "@/parts/ShowCode";
import { partTexts } from "@/parts/texts";
import { lastWorkspace } from "@/shell/workspace";
import { Cost } from "./Cost";
import { workspacesTexts } from "./texts";
import classes from "./Workspaces.module.css";

export default function WorkspacesPage() {
  const t = useTexts(workspacesTexts);
  const found = useQuery(workspacesQuery);
  const [isMaking, setMaking] = useState(false);
  const [toDelete, setToDelete] = useState<string | null>(null);
  const last = lastWorkspace();
  return (
    <Page
      title={t("title")}
      actions={
        <>
          <ShowCode samples={SAMPLES} />
          <Button leftSection={<Icon name="plus" size={14} />} onClick={() => setMaking(true)}>
            {t("newOne")}
          </Button>
        </>
      }
    >
      <p className="faint">{t("intro")}</p>
      {found.error ? <ErrorNote error={found.error} onRetry={() => void found.refetch()} /> : null}
      <ul className={classes.list}>
        {found.data?.map(({ name = "", description, mlflow_tracking_uri }) => (
          <li key={name} className="panel">
            <div className={classes.head}>
              <Link to="/workspaces/$ws/home" params={{ ws: name ?? "" }} className={classes.name}>
                {name}
              </Link>
              {name === last ? <span className={classes.current}>{t("current")}</span> : null}
              <ActionIcon aria-label={t("deleteIt", { name: name ?? "" })} onClick={() => setToDelete(name)} ml="auto">
                <Icon name="trash" />
              </ActionIcon>
            </div>
            {description ? <p className="faint">{description}</p> : null}
            <Cost ws={name ?? ""} />
            {mlflow_tracking_uri ? (
              <div className={classes.address}>
                <span className="faint">{t("tracking")}</span>
                <CopyId value={mlflow_tracking_uri} />
              </div>
            ) : null}
          </li>
        ))}
      </ul>
      <MakeWorkspace isOpen={isMaking} onClose={() => setMaking(false)} />
      <DeleteWorkspace name={toDelete} onClose={() => setToDelete(null)} />
    </Page>
  );
}

const SAMPLES = [
  { form: "CLI", text: "bancada workspace create --name my-project\nbancada config set workspace=my-project\nbancada workspace delete --name my-project" },
  {
    form: "Python",
    text: `from bancada.identity import DefaultAzureCredential
from bancada.ml import MLClient
from bancada.ml.entities import Workspace

ml_client = MLClient(DefaultAzureCredential(), "local", "local")
ml_client.workspaces.begin_create(Workspace(name="my-project")).result()`,
  },
  { form: "YAML", text: "# bancada workspace create -f workspace.yml\n$schema: https://azuremlschemas.azureedge.net/latest/workspace.schema.json\nname: my-project\ndescription: What it is for" },
];

function MakeWorkspace({ isOpen, onClose }: { isOpen: boolean; onClose(): void }) {
  const t = useTexts(workspacesTexts);
  const parts = useTexts(partTexts);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [error, setError] = useState<unknown>(null);
  const make = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await send("PUT", inWorkspace(name), description ? { description } : {});
      await queries.invalidateQueries({ queryKey: keys.workspaces });
      notifications.show({ message: t("made", { name }) });
      onClose();
      await navigate({ to: "/workspaces/$ws/home", params: { ws: name } });
    } catch (reason) {
      setError(reason);
    }
  };
  return (
    <Modal opened={isOpen} onClose={onClose} title={t("newOne")} closeButtonProps={{ "aria-label": parts("close") }}>
      <form onSubmit={(event) => void make(event)} style={{ display: "grid", gap: 12 }}>
        <TextInput label={t("nameLabel")} description={t("nameHint")} value={name} onChange={(event) => setName(event.currentTarget.value)} data-autofocus autoComplete="off" required />
        <Textarea label={t("descriptionLabel")} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
        {error ? <ErrorNote error={error} /> : null}
        <Button type="submit" disabled={!name} style={{ justifySelf: "end" }}>
          {t("make")}
        </Button>
      </form>
    </Modal>
  );
}

function DeleteWorkspace({ name, onClose }: { name: string | null; onClose(): void }) {
  const t = useTexts(workspacesTexts);
  const queries = useQueryClient();
  return (
    <ConfirmDelete
      isOpen={name !== null}
      onClose={onClose}
      title={t("deleteTitle", { name: name ?? "" })}
      goes={[t("goesJobs"), t("goesAssets"), t("goesForever")]}
      nameToType={name ?? ""}
      onConfirm={async () => {
        await send("DELETE", inWorkspace(name ?? ""));
        await queries.invalidateQueries({ queryKey: keys.workspaces });
        notifications.show({ message: t("gone", { name: name ?? "" }) });
      }}
    />
  );
}
