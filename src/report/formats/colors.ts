import { styleText } from 'node:util';

const FORMATS = ['bold', 'dim', 'red', 'green', 'yellow', 'magenta', 'cyan'] as const;

/** Each makes its text look so on a terminal, or leaves it as it is. They are not to be put into one another. */
export type Colors = Readonly<Record<(typeof FORMATS)[number], (text: string) => string>>;

export function createColors(enabled: boolean): Colors {
  // Whether there is a terminal that wants colours was decided before: later versions of Node would ask themselves.
  const options = { validateStream: false };
  return Object.fromEntries(
    FORMATS.map((format) => [format, (text: string) => (enabled ? styleText(format, text, options) : text)]),
  ) as Colors;
}
