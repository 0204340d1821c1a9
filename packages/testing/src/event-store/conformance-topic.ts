/** The topics of the store under test: the category with its point as a hyphen; `conformance.unpublished` stays in the log. */
export const conformanceTopic = (category: string): string | null =>
  category === 'conformance.unpublished' ? null : category.replace('.', '-');
