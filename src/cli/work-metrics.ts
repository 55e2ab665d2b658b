import { answer, readAddress, serve } from './sensor/http.ts';

/** A number as it is at the moment. */
export interface Sample {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  readonly value: number;
}

/** Serves numbers in Prometheus' text format until it is closed. Throws CliError. */
export async function serveMetrics(
  address: string,
  read: () => readonly Sample[],
): Promise<{ close(): void; readonly url: string }> {
  const show = ({ name, kind, help, value }: Sample) =>
    `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${name} ${value}\n`;
  return serve(
    '--metrics',
    readAddress('--metrics', address),
    new Map([
      [
        '/metrics',
        (_request, response) =>
          answer(response, 200, read().map(show).join(''), 'text/plain; version=0.0.4; charset=utf-8'),
      ],
    ]),
  );
}
