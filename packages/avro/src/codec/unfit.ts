/** A value, or bytes, that a schema does not allow. Never leaves this folder, and its message never repeats a value: it may be personal data. */
export class Unfit extends Error {}
