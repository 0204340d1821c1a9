/** Something that has its place in one line or several at once. */
export interface InLine {
  /** Names of its lines, each once. */
  readonly lines: readonly string[];
}

/**
 * Lines in which whoever is first in all of his has his turn. One joins all of his lines in one step, so who came first is the same in each: no two wait for
 * each other, and nobody is overtaken in a line.
 */
export class AppendLines<T extends InLine> {
  /** A line of one is that one itself: most are, and an array for each would be made in vain. */
  readonly #lines = new Map<string, T | T[]>();

  /** Takes the last place in each of his lines. @returns whether it is his turn. */
  join(one: T): boolean {
    let isFirst = true;
    for (const name of one.lines) {
      const line = this.#lines.get(name);
      if (line === undefined) this.#lines.set(name, one);
      else {
        isFirst = false;
        if (Array.isArray(line)) line.push(one);
        else this.#lines.set(name, [line, one]);
      }
    }
    return isFirst;
  }

  /** Those behind one in a line, in their order. @param most of each line. */
  behind(one: T, most: number = Number.POSITIVE_INFINITY): readonly T[] {
    const all: T[] = [];
    for (const name of one.lines) {
      const line = this.#lines.get(name);
      if (line === one || !Array.isArray(line)) continue;
      const from = line.indexOf(one) + 1;
      all.push(...line.slice(from, from + most));
    }
    return all;
  }

  /** Gives his places up, first or not. @returns those whose turn it is now, and was not before. */
  leave(one: T): readonly T[] {
    const next: T[] = [];
    for (const name of one.lines) {
      const line = this.#lines.get(name);
      if (line === one) this.#lines.delete(name);
      if (!Array.isArray(line)) continue;
      const place = line.indexOf(one);
      if (place === -1) continue;
      line.splice(place, 1);
      if (line.length === 0) this.#lines.delete(name);
      else if (place === 0) next.push(line[0] as T);
    }
    if (next.length === 0) return next;
    return next.filter((it, i) => next.indexOf(it) === i && this.isFirst(it));
  }

  /** Whether it is his turn. */
  isFirst(one: T): boolean {
    return one.lines.every((name) => {
      const line = this.#lines.get(name);
      return Array.isArray(line) ? line[0] === one : line === one;
    });
  }
}
