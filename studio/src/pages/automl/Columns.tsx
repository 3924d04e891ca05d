// The columns of the training data: what each was found to be, and what the user says instead.
import { NativeSelect } from "@mantine/core";
import type { Schemas } from "@/api/client";
import { useFormats } from "@/i18n/formats";
import { useTexts } from "@/i18n/texts";
import { type PlainColumn, PlainTable } from "@/parts/PlainTable";
import { SearchBox } from "@/parts/SearchBox";
import { useUrlState } from "@/parts/urlState";
import classes from "./Automl.module.css";
import type { Say } from "./checks/rails";
import { checkTexts } from "./checks/texts";
import { useWizard } from "./form";
import { automlTexts } from "./texts";
import { COLUMN_TYPES, IMPUTERS, withWord } from "./wizard";

type Column = Schemas["DataCheck"]["columns"][number];
const MANY = 15; // from there on a search helps

/** `withImputers`: also how gaps are filled, for the columns that are learnt from. */
export function Columns({ examples, withImputers }: { examples?: (name: string) => string; withImputers?: boolean }) {
  const t = useTexts(automlTexts);
  const words = useTexts(checkTexts);
  const formats = useFormats();
  const { w, change, check } = useWizard();
  const [{ column: search = "" }] = useUrlState();
  const all = check.data?.columns ?? [];
  if (!all.length) return null;
  const shown = all.filter((one) => one.name.toLowerCase().includes(search.toLowerCase()) && !(withImputers && one.name === w.target));
  const columns: PlainColumn<Column>[] = [
    { id: "name", title: t("columnName"), render: (one) => <span className="mono">{one.name}</span> },
    { id: "found", title: t("foundType"), render: (one) => <Found column={one} say={words} /> },
    {
      id: "type",
      title: t("useAs"),
      width: 150,
      render: (one) => (
        <NativeSelect
          size="xs"
          miw={120}
          aria-label={t("useOf", { name: one.name })}
          value={w.types[one.name] ?? ""}
          data={[{ value: "", label: t("automaticOption") }, ...COLUMN_TYPES.map((type) => ({ value: type as string, label: t(`as_${type}`) }))]}
          onChange={(event) => change({ types: withWord(w.types, one.name, event.currentTarget.value) })}
        />
      ),
    },
    ...(withImputers
      ? [
          {
            id: "impute",
            title: t("impute"),
            width: 150,
            render: (one: Column) =>
              one.kind === "numeric" || one.kind === "boolean" ? (
                <NativeSelect
                  size="xs"
                  miw={130}
                  aria-label={t("imputeOf", { name: one.name })}
                  value={w.imputers[one.name] ?? ""}
                  data={[{ value: "", label: t("impute_auto") }, ...IMPUTERS.map((name) => ({ value: name as string, label: t(`impute_${name}`) }))]}
                  onChange={(event) => change({ imputers: withWord(w.imputers, one.name, event.currentTarget.value) })}
                />
              ) : null,
          },
        ]
      : []),
    { id: "missing", title: t("missing"), isNumber: true, width: 90, render: (one) => formats.integer(one.missing) },
    { id: "distinct", title: t("distinct"), isNumber: true, width: 90, render: (one) => formats.integer(one.distinct) },
    ...(examples ? [{ id: "examples", title: t("examples"), render: (one: Column) => <span className={`cut ${classes.examples}`}>{examples(one.name)}</span> }] : []),
  ];
  return (
    <>
      {all.length > MANY ? <SearchBox label={t("searchColumn")} word="column" /> : null}
      <PlainTable label={t("columns", { count: all.length })} columns={columns} rows={shown} rowKey={(one) => one.name} height={420} />
    </>
  );
}

function Found({ column, say }: { column: Column; say: Say }) {
  const isLeft = ["identifier", "constant", "duplicate"].includes(column.kind);
  const why = say(`why_${column.reason}`, { count: column.distinct, name: column.copy_of ?? "" });
  return (
    <span className={classes.kind} title={why}>
      {say(`kind_${column.kind}`)}
      {isLeft ? <small>{`${say("willBeLeftOut")}: ${why}`}</small> : null}
    </span>
  );
}
