/**
 * A text whose parameters the planner cannot look at: each becomes a subquery of its own, a constant to the executor. Otherwise each page is planned anew, for
 * as long again as its rows take, since a plan for known values always looks a little cheaper than the prepared one; and it could be another plan each time.
 */
export const unguessed = (text: string): string =>
  text.replaceAll(/\$\d+::(\w+(?:\[\])?)/g, (parameter, type: string) => `(select ${parameter})::${type}`);
