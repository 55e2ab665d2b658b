import type { CommandDescription, OptionDescription, Values } from './describe-commands.ts';

/** For fish: installed as vendor_completions.d/portzero.fish. */
export function fishCompletion(commands: readonly CommandDescription[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  return `# fish completion for portzero: install it as ~/.config/fish/completions/portzero.fish
function __portzero_command
    set -l words (commandline -opc)
    if set -q words[2]; and contains -- $words[2] ${names}
        echo $words[2]
    else
        echo analyze
    end
end

function __portzero_is
    test (__portzero_command) = $argv[1]
end

function __portzero_is_first
    test (count (commandline -opc)) -eq 1
end

${commands.map(({ name, describe }) => `complete -c portzero -n __portzero_is_first -a ${name} -d ${quote(describe)}`).join('\n')}

${commands.flatMap(commandLines).join('\n')}
`;
}

function commandLines({ name, operands, options }: CommandDescription): string[] {
  const condition = `complete -c portzero -n '__portzero_is ${name}'`;
  const values = operands[0]?.values;
  // File names are offered unless they are forbidden.
  const ofOperands = values?.kind === 'files' ? [] : [`${condition} -f${values === undefined ? '' : offerOf(values)}`];
  return [...ofOperands, ...options.map((option) => `${condition}${optionWords(option)}`)];
}

function optionWords({ name, letter, describe, values }: OptionDescription): string {
  const words = [letter === null ? '' : ` -s ${letter}`, name.length === 1 ? '' : ` -l ${name}`].join('');
  const value = values === null ? '' : values.kind === 'files' ? ' -r -F' : ` -x${offerOf(values)}`;
  return `${words}${value} -d ${quote(describe)}`;
}

function offerOf(values: Values): string {
  switch (values.kind) {
    case 'words':
      return ` -a ${quote(values.words.join(' '))}`;
    case 'interfaces':
      return " -a '(__fish_print_interfaces)'";
    case 'hosts':
      return " -a '(__fish_print_hostnames)'";
    default:
      return '';
  }
}

const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
