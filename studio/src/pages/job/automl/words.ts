// What the engine says of data and columns, in Portuguese. It speaks English; its sentences are known, and few.
import { useLanguage } from "@/i18n/language";

/** A sentence of the engine's and ours; `{name}` stands for what is copied, whatever it is. */
export const FORMS: readonly (readonly [string, string])[] = [
  // Names of guard rails
  ["Feature types", "Tipos das colunas"],
  ["Missing targets", "Destinos ausentes"],
  ["Missing feature values", "Valores ausentes"],
  ["Infinite values", "Valores infinitos"],
  ["Range of the features", "Faixa das colunas"],
  ["Types of the other tables", "Tipos das outras tabelas"],
  ["Classes of the other tables", "Classes das outras tabelas"],
  ["High cardinality", "Alta cardinalidade"],
  ["Class balance", "Balanceamento das classes"],
  ["Number of rows", "Número de linhas"],
  ["Equal rows", "Linhas iguais"],
  ["Leaks of the target", "Vazamento do destino"],
  ["Order in time", "Ordem no tempo"],
  ["Range of the target", "Faixa do destino"],
  ["Date in parts", "Data em partes"],
  ["Positive label", "Rótulo positivo"],
  ["Algorithms", "Algoritmos"],
  // What was found and done
  ["Nothing had to be done.", "Nada precisou ser feito."],
  ["All columns are used.", "Todas as colunas são usadas."],
  ["no usable column.", "nenhuma coluna aproveitável."],
  ["Every row has a target.", "Toda linha tem destino."],
  ["{count} rows have no target.", "{count} linhas não têm destino."],
  ["They were left out.", "Elas ficaram de fora."],
  ["No feature has missing values.", "Nenhuma coluna tem valores ausentes."],
  ["Missing cells: {cells}.", "Células ausentes: {cells}."],
  [
    "Boosted trees split on gaps; for other models numbers are filled with the median of the fold's training rows (or as transformer_params says) beside a column that marks the gap, categories count a gap as unknown.",
    "Árvores com boosting dividem pelas lacunas; para os outros modelos, números recebem a mediana das linhas de treino da partição (ou o que transformer_params diz) ao lado de uma coluna que marca a lacuna, e categorias contam a lacuna como desconhecida.",
  ],
  ["All numbers are finite.", "Todos os números são finitos."],
  ["Infinite numbers in {columns}.", "Números infinitos em {columns}."],
  ["They count as missing.", "Eles contam como ausentes."],
  ["No number is further out of the training range than that is wide.", "Nenhum número se afasta da faixa do treino mais do que a largura dela."],
  [
    "These rows are used as they are; no model has learnt from such values. Correct them if they are mistakes.",
    "Essas linhas são usadas como estão; nenhum modelo aprendeu com tais valores. Corrija-os se forem enganos.",
  ],
  ["They hold numbers where training has numbers.", "Elas têm números onde o treino tem números."],
  [
    "These cells count as missing. Check that the tables have the same columns in the same units.",
    "Essas células contam como ausentes. Confira se as tabelas têm as mesmas colunas nas mesmas unidades.",
  ],
  ["All their classes occur in training.", "Todas as classes delas aparecem no treino."],
  ["No training row has these classes: the rows are left out of all scores.", "Nenhuma linha de treino tem essas classes: as linhas ficam fora de todas as métricas."],
  ["No column has nearly as many values as rows.", "Nenhuma coluna tem quase tantos valores quanto linhas."],
  [
    "Levels are replaced by smoothed means of the target, learnt inside folds; identifiers are left out. If a column repeats for one person or machine, set cv_split_column_names so that they stay together.",
    "Os níveis são trocados por médias suavizadas do destino, aprendidas dentro das partições; identificadores ficam de fora. Se uma coluna se repete para a mesma pessoa ou máquina, defina cv_split_column_names para que fiquem juntas.",
  ],
  ["The target is a number.", "O destino é um número."],
  ["`{small}` has 1 row, `{large}` {many}.", "`{small}` tem 1 linha, `{large}` {many}."],
  ["`{small}` has {few} rows, `{large}` {many}.", "`{small}` tem {few} linhas, `{large}` {many}."],
  ["Folds keep the shares of the classes.", "As partições mantêm as parcelas das classes."],
  ["{metric} hides small classes: consider AUC_weighted or norm_macro_recall.", "{metric} esconde classes pequenas: considere AUC_weighted ou norm_macro_recall."],
  ["Some of the {folds} folds hold no row of `{label}` to validate with.", "Algumas das {folds} partições não têm linha de `{label}` para validar."],
  ["1 row is few.", "1 linha é pouco."],
  ["{count} rows are few.", "{count} linhas são poucas."],
  ["Every model is validated over folds; expect scores to differ from new data by more than the shown error.", "Todo modelo é validado em partições; espere que os resultados em dados novos difiram mais do que o erro mostrado."],
  ["{count} features, but {rows} rows.", "{count} atributos, mas {rows} linhas."],
  ["Linear models with strong penalties are among the candidates.", "Modelos lineares com penalidades fortes estão entre os candidatos."],
  ["{count} rows.", "{count} linhas."],
  ["No two rows have equal features.", "Não há duas linhas iguais."],
  ["{count} rows repeat another row's features.", "{count} linhas repetem os valores de outra."],
  ["Equal rows stay in one fold together.", "Linhas iguais ficam juntas na mesma partição."],
  ["No column alone tells the target.", "Nenhuma coluna, sozinha, revela o destino."],
  ["The columns are used. If they are known only after the target, leave them out: set their type to `Ignore`.", "As colunas são usadas. Se só são conhecidas depois do destino, deixe-as de fora: defina o tipo `Ignore`."],
  ["No dates.", "Não há datas."],
  ["Dates in {columns}.", "Datas em {columns}."],
  [
    "Dates became parts (year, month, weekday …). Folds are shuffled: if the model is to predict the future, give later rows as validation_data or set cv_split_column_names.",
    "Datas viraram partes (ano, mês, dia da semana …). As partições são embaralhadas: se o modelo deve prever o futuro, dê linhas posteriores como validation_data ou defina cv_split_column_names.",
  ],
  ["The target is never negative.", "O destino nunca é negativo."],
  ["No prediction is below 0.", "Nenhuma previsão fica abaixo de 0."],
  ["If it leans to large values, losses for counts are among the candidates.", "Se ele se inclina a valores grandes, há candidatos com perdas para contagens."],
  ["A positive label is one of two classes; the target has {count}.", "Um rótulo positivo é uma de duas classes; o destino tem {count}."],
  ["It changes nothing: scores for one class against another are left out.", "Ele não muda nada: pontuações de uma classe contra outra ficam de fora."],
  ["{columns} are the year, month and day of a date.", "{columns} são o ano, o mês e o dia de uma data."],
  ["Elapsed days and the day of the year are features.", "Os dias decorridos e o dia do ano são atributos."],
  ["{names} cannot run here: {needs} is not installed.", "{names} não pode executar aqui: {needs} não está instalado."],
  ["The other allowed algorithms are used.", "Os outros algoritmos permitidos são usados."],
  // Why a column has its type
  ["as set in column_name_and_types", "como definido em column_name_and_types"],
  ["it has no values", "não tem valores"],
  ["it has no values of its type", "não tem valores do seu tipo"],
  ["it has one value only", "tem um único valor"],
  ["two values that mean yes and no", "dois valores que significam sim e não"],
  ["numbers", "números"],
  ["dates", "datas"],
  ["whole numbers that never repeat, and its name says so", "números inteiros que nunca se repetem, e o nome diz isso"],
  ["consecutive whole numbers that never repeat", "números inteiros consecutivos que nunca se repetem"],
  ["text that hardly ever repeats", "texto que quase nunca se repete"],
  ["free text of {count} words on average", "texto livre de {count} palavras em média"],
  ["text that reads as dates", "texto que se lê como data"],
  ["text with {count} different values", "texto com {count} valores diferentes"],
  ["it equals column `{name}`", "é igual à coluna `{name}`"],
  // What a column became
  ["left out", "deixada de fora"],
  ["0 and 1", "0 e 1"],
  ["a code for each level", "um código para cada nível"],
  ["year, month, day, weekday, day of the year, hour, days (those that vary)", "ano, mês, dia, dia da semana, dia do ano, hora, dias (os que variam)"],
  ["words and pairs of words weighed by rarity (TF-IDF), 32 directions (truncated SVD), length", "palavras e pares de palavras pesados pela raridade (TF-IDF), 32 direções (SVD truncada), comprimento"],
  ["with the other parts of its date: days since 1970 and the day of the year", "com as outras partes de sua data: dias desde 1970 e o dia do ano"],
  ["native: as it is; gaps are split on", "native: como está; as lacunas servem para dividir"],
  ["paired: as it is, with sums, differences, products, quotients and means of the target for pairs", "paired: como está, com somas, diferenças, produtos, quocientes e médias do destino para pares"],
  ["dense: gaps filled and marked; one column a level, or smoothed means of the target for many levels", "dense: lacunas preenchidas e marcadas; uma coluna por nível, ou médias suavizadas do destino quando há muitos níveis"],
  [
    "scaled: gaps filled and marked; levels and few whole numbers as columns; scaled by quartiles, outliers bent",
    "scaled: lacunas preenchidas e marcadas; níveis e poucos números inteiros como colunas; escala por quartis, extremos atenuados",
  ],
  ["unit: gaps filled and marked; levels as columns; scaled between 0 and 1", "unit: lacunas preenchidas e marcadas; níveis como colunas; escala entre 0 e 1"],
  // Why a model has no score
  ["not finished: {reason}", "não terminou: {reason}"],
  ["{name} of a run that was cut off", "{name} de uma execução que foi interrompida"],
  // Why the search ended
  ["max_trials {count} is reached", "max_trials {count} foi alcançado"],
  ["exit_score {score} is reached", "exit_score {score} foi alcançado"],
  ["the time is over", "o tempo acabou"],
  ["it was cancelled", "foi cancelada"],
  ["nothing is left that fits into the time", "nada do que resta cabe no tempo"],
  // Why a model was given up
  ["stopped early: hopeless on the first folds against the best candidate", "parado antes do fim: sem chance nas primeiras partições contra o melhor candidato"],
];

/** What is said of one column each, several in a sentence. */
export const OF_COLUMNS: readonly (readonly [string, string])[] = [
  ["`{name}` is left out: {reason}", "`{name}` fica de fora: {reason}"],
  ["`{name}` is as far out as {example} in {count} of {rows} validation rows (training: {low} to {high})", "`{name}` chega a {example} em {count} de {rows} linhas de validação (treino: {low} a {high})"],
  ["`{name}` is as far out as {example} in {count} of {rows} test rows (training: {low} to {high})", "`{name}` chega a {example} em {count} de {rows} linhas de teste (treino: {low} a {high})"],
  ["`{name}` is no number, like `{example}`, in {count} of {rows} validation rows", "`{name}` não é número, como `{example}`, em {count} de {rows} linhas de validação"],
  ["`{name}` is no number, like `{example}`, in {count} of {rows} test rows", "`{name}` não é número, como `{example}`, em {count} de {rows} linhas de teste"],
  ["`{name}` is the target in {count} of {rows} validation rows", "`{name}` é o destino em {count} de {rows} linhas de validação"],
  ["`{name}` is the target in {count} of {rows} test rows", "`{name}` é o destino em {count} de {rows} linhas de teste"],
  ["`{name}` has {count} levels", "`{name}` tem {count} níveis"],
  ["`{name}` looks like an identifier ({reason})", "`{name}` parece um identificador ({reason})"],
  ["`{name}` alone reaches {measure}", "`{name}`, sozinha, alcança {measure}"],
];

const LISTED: Record<string, string> = { numeric: "número(s)", boolean: "sim ou não", category: "categoria(s)", date: "data(s)", text: "texto(s)" };

type Form = readonly [RegExp, readonly string[], string];

const compiledOf = (forms: typeof FORMS): Form[] => forms.map(([theirs, ours]) => {
  const names: string[] = [];
  const source = theirs.split(/(\{\w+\})/).map((piece) => {
    const name = /^\{(\w+)\}$/.exec(piece)?.[1];
    if (name) names.push(name);
    return name ? "((?:(?!\\. ).)+?)" : piece.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  });
  return [new RegExp(`^${source.join("")}$`), names, ours] as const;
});

const [sentences, ofColumns] = [compiledOf(FORMS), compiledOf(OF_COLUMNS)];

/** Return a text in Portuguese; null when it has none of these forms. */
function translated(text: string, forms: readonly Form[]): string | null {
  for (const [form, names, ours] of forms) {
    const found = form.exec(text);
    // A reason is a sentence of its own.
    if (found) return ours.replace(/\{(\w+)\}/g, (_, name: string) => (name === "reason" ? inPortuguese(found[names.indexOf(name) + 1] ?? "") : (found[names.indexOf(name) + 1] ?? "")));
  }
  return null;
}

/** Return what is said of several columns, one after the other. */
function translatedList(sentence: string): string | null {
  const parts = sentence.replace(/\.$/, "").split("; ").map((one) => translated(one, ofColumns));
  return parts.every((one) => one !== null) ? parts.join("; ") + (sentence.endsWith(".") ? "." : "") : null;
}

/** Return the sentence in Portuguese; as it is when it is none of the known ones. */
export function inPortuguese(sentence: string): string {
  if (/^(\d+ (numeric|boolean|category|date|text)(, )?)+\.$/.test(sentence)) return sentence.replace(/numeric|boolean|category|date|text/g, (word) => LISTED[word]!);
  const known = translatedList(sentence) ?? translated(sentence, sentences);
  if (known !== null) return known;
  // Two sentences that are known one by one.
  const at = sentence.search(/(?<=\.) +/);
  return at > 0 ? `${inPortuguese(sentence.slice(0, at))} ${inPortuguese(sentence.slice(at).trim())}` : sentence;
}

/** Return what writes the engine's sentences in the page's language. */
export function useEngineWords(): (sentence: string) => string {
  return useLanguage() === "pt-BR" ? inPortuguese : (sentence) => sentence;
}
