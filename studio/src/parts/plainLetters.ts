// Names from titles: only the letters of English may stand in most of them.

/** Return the text with the letters below its accents: `preço` -> `preco`. */
export const plainLetters = (text: string): string => text.normalize("NFKD").replace(/\p{M}+/gu, "");
