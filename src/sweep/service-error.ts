/** A server that is not there, refuses, or is not what is needed: one line for whoever runs the command. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
}
