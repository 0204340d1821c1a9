/** A whole number's digits, with a sign or without, as a decimal with `scale` digits after the point: `'-1250'` and 2 are `'-12.50'`. */
export function withPoint(unscaled: string, scale: number): string {
  if (scale === 0) return unscaled;
  const sign = unscaled.startsWith('-') ? '-' : '';
  const digits = unscaled.slice(sign.length).padStart(scale + 1, '0');
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
