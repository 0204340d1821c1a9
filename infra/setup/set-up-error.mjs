/** What keeps the set-up from going on, in one sentence, and what to do about it. */
export class SetUpError extends Error {
  /**
   * @param {string} sentence
   * @param {string} remedy
   */
  constructor(sentence, remedy) {
    super(`${sentence}\nRemedy: ${remedy}`);
    this.name = 'SetUpError';
  }
}
