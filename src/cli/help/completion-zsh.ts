import type { CommandDescription, OptionDescription, Values } from './describe-commands.ts';

/** For zsh's compsys: installed as site-functions/_portzero, or sourced behind compinit. */
export function zshCompletion(commands: readonly CommandDescription[]): string {
  return `#compdef portzero
# zsh completion for portzero: install it as _portzero in a folder of $fpath, or source it behind compinit

_portzero() {
  local command=analyze
  local -a commands
  commands=(
${commands.map(({ name, describe }) => `    ${quote(`${name}:${describe.replaceAll(':', '\\:')}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _describe -t commands command commands
  elif [[ -n \${commands[(r)$words[2]:*]} ]]; then
    command=$words[2]
    shift words
    (( CURRENT-- ))
  fi
  case $command in
${commands.map(commandCase).join('\n')}
  esac
}

if [ "$funcstack[1]" = _portzero ]; then
  _portzero "$@"
else
  compdef _portzero portzero
fi
`;
}

function commandCase({ name, synopsis, options, operands }: CommandDescription): string {
  const specs = [
    ...options.map(optionSpec),
    ...operands.map(({ name: operand, values }) => {
      const isMany = synopsis.includes(`${operand}..`);
      return quote(`${isMany ? '*' : ''}:${operand}:${actionOf(values)}`);
    }),
  ];
  return `    ${name})\n      _arguments -s -S \\\n        ${specs.join(' \\\n        ')}\n      ;;`;
}

function optionSpec({ name, letter, describe, isRepeatable, values }: OptionDescription): string {
  const words = [letter === null ? [] : [`-${letter}`], name.length === 1 ? [] : [`--${name}`]].flat();
  const text = describe.replace(/[\\[\]:]/g, '\\$&');
  const value = values === null ? '' : `:${name}:${actionOf(values)}`;
  // -f takes its value behind it or as the next word, --format also behind "=".
  const spellings = words.map((word) => (values === null ? word : `${word}${word.startsWith('--') ? '=' : '+'}`));
  const group = isRepeatable ? '*' : `(${words.join(' ')})`;
  const rest = quote(`[${text}]${value}`);
  return spellings.length === 1
    ? `${quote(`${group}${spellings[0]}`)}${rest}`
    : `${quote(group)}{${spellings.join(',')}}${rest}`;
}

function actionOf(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `(${values.words.join(' ')})`;
    case 'files':
      return '_files';
    case 'interfaces':
      return '_net_interfaces';
    case 'hosts':
      return '_hosts';
    case 'unknown':
      return ' ';
  }
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
