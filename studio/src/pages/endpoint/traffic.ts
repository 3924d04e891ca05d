// The arithmetic of traffic: shares in whole percent that sum to 100, or all to 0. No drawing.

export type Shares = Record<string, number>;

export const totalOf = (shares: Shares): number => Object.values(shares).reduce((sum, share) => sum + share, 0);

/** Most that can be mirrored, in percent. */
export const MOST_MIRRORED = 50;

/**
 * Return the shares after one was set: the others keep their proportions and fill up to 100. Where all others have
 * nothing, the first of them gets the rest; a deployment that is alone has all or nothing.
 */
export function rebalanced(shares: Shares, name: string, value: number): Shares {
  const others = Object.keys(shares).filter((one) => one !== name);
  const own = Math.min(Math.max(Math.round(value), 0), 100);
  if (!others.length) return { [name]: own >= 50 ? 100 : 0 };
  const rest = 100 - own;
  const before = others.reduce((sum, one) => sum + (shares[one] ?? 0), 0);
  const wanted = others.map((one, index) => (before ? (rest * (shares[one] ?? 0)) / before : index === 0 ? rest : 0));
  const whole = wanted.map(Math.floor);
  // What rounding down left over goes to those that lost most.
  const order = wanted.map((share, index) => ({ index, lost: share - Math.floor(share) })).sort((a, b) => b.lost - a.lost);
  let missing = rest - whole.reduce((sum, share) => sum + share, 0);
  for (const { index } of order) {
    if (missing <= 0) break;
    whole[index] = (whole[index] ?? 0) + 1;
    missing -= 1;
  }
  const found: Shares = {};
  for (const one of Object.keys(shares)) found[one] = one === name ? own : (whole[others.indexOf(one)] ?? 0);
  return found;
}

/** Return all shares as nothing: the endpoint answers those only who name a deployment. */
export const none = (shares: Shares): Shares => Object.fromEntries(Object.keys(shares).map((one) => [one, 0]));

/** Return who can be mirrored to: who has no live traffic. */
export const mirrorable = (shares: Shares): string[] => Object.keys(shares).filter((one) => !shares[one]);

/** Tell whether two rules say the same; who is not named has nothing. */
export function isSame(one: Shares, other: Shares): boolean {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].every((name) => (one[name] ?? 0) === (other[name] ?? 0));
}
