import { html, Markup } from './escape.ts';

/** The folder that all names are in, with its slash at the end; '' for a single name, or where there is none. */
export function commonFolder(names: readonly string[]): string {
  const [first = ''] = names;
  if (names.length < 2) return '';
  let length = first.lastIndexOf('/') + 1;
  for (const name of names) {
    while (length > 0 && !name.startsWith(first.slice(0, length))) length = first.lastIndexOf('/', length - 2) + 1;
  }
  // The root alone says nothing.
  return length > 1 ? first.slice(0, length) : '';
}

/** The names without that folder, which the section of the inputs says once. */
export function shortNames(inputs: readonly { readonly name: string }[]): string[] {
  const names = inputs.map(({ name }) => name);
  const { length } = commonFolder(names);
  return names.map((name) => name.slice(length));
}

/** A path that may go on in a new line behind each of its slashes. */
export function pathMarkup(path: string): Markup {
  const parts = path.split(/(?<=\/)/);
  return html`${parts.flatMap((part, index) => (index === 0 ? [part] : [new Markup('<wbr>'), part]))}`;
}
