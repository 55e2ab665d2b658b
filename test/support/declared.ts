import yargs from 'yargs';
import { VERBS } from '../../src/cli/verbs.ts';

/** The options of a command as yargs itself knows them, not as our own description says, spelled as one types them. */
export async function declaredOptions(verb: string): Promise<string[]> {
  const { load } = VERBS[verb as keyof typeof VERBS];
  const parser = (await load()).builder(yargs([])) as unknown as {
    getOptions(): { key: Record<string, unknown> };
    getGroups(): Record<string, string[]>;
  };
  const operands = new Set(parser.getGroups()['Positionals:'] ?? []);
  const names = Object.keys(parser.getOptions().key).filter((name) => !operands.has(name));
  return [...new Set([...names, 'help', 'version'])]
    .map((name) => (name.length === 1 ? `-${name}` : `--${name}`))
    .sort();
}
