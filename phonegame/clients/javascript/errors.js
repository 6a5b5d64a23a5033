/** Something could not be done. `code` is for programs: the server's (see its `error` message), or one of this client's. */
export class PhonegameError extends Error {
  /**
   * @param {string} code
   * @param {string} message For people.
   * @param {import("./messages.js").ServerMessages[keyof import("./messages.js").ServerMessages]} [detail] The server's.
   */
  constructor(code, message, detail) {
    super(message);
    this.name = "PhonegameError";
    this.code = code;
    this.detail = detail;
  }
}
