/** One fault of a configuration. */
export interface ConfigProblem {
  /** The key, as in "rules.port-zero-scan[1].hosts"; "" for the file as a whole. */
  readonly path: string;
  /** From 1; null when the place is not known. */
  readonly line: number | null;
  readonly column: number | null;
  /** What is wrong, what is allowed there, and the allowed word that was most likely meant. One line. */
  readonly message: string;
}

/** A configuration that cannot be used. The message has a line for each problem, as `file:line:column: path: message`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** The file; null when there is none. */
  readonly path: string | null;
  readonly problems: readonly ConfigProblem[];

  constructor(path: string | null, problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super(problems.map((problem) => describe(path, problem)).join('\n'), options);
    this.path = path;
    this.problems = problems;
  }
}

function describe(file: string | null, { path, line, column, message }: ConfigProblem): string {
  const place = [file ?? 'configuration', line, line === null ? null : column]
    .filter((part) => part !== null)
    .join(':');
  return `${place}: ${path === '' ? '' : `${path}: `}${message}`;
}
