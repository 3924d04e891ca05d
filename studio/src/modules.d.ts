// What some packages carry without saying its types.
declare module "echarts/lib/i18n/langPT-br.js" {
  const texts: unknown;
  export default texts;
}
