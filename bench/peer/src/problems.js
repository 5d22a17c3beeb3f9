// Refusals, rendered as RFC 9457 problem documents.

export class Refusal extends Error {
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

export const unauthenticated = (detail) => new Refusal(401, 'unauthenticated', detail);
export const forbidden = () => new Refusal(403, 'forbidden', 'This is not yours, or not there.');
export const notFound = () => new Refusal(404, 'not-found', 'There is no such room.');
export const invalid = (detail) => new Refusal(422, 'validation-failed', detail);
export const invalidTransition = (status) =>
  new Refusal(409, 'invalid-transition', `A timer that is ${status} cannot be paused.`);

// Express knows an error handler by its four parameters.
export function renderProblem(error, _request, response, _next) {
  const status = error.status ?? 500;
  if (status >= 500) console.error(error);
  response
    .status(status)
    .type('application/problem+json')
    .json({
      type: `/problems/${error.code ?? 'internal'}`,
      title: error.code ?? 'internal',
      status,
      detail: status < 500 ? error.message : 'The server failed.',
    });
}
