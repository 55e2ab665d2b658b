import type { CommandDescription, OptionDescription, Values } from './describe-commands.ts';

/** For bash from 3.2 on, without the package bash-completion. Where nothing is offered, readline completes file names. */
export function bashCompletion(commands: readonly CommandDescription[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  return `# bash completion for portzero: source it, or install it as share/bash-completion/completions/portzero
_portzero() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev='' command=analyze
  [ "$COMP_CWORD" -eq 0 ] || prev=\${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  # --option=value comes as three words.
  if [ "$cur" = = ]; then
    cur=''
  elif [ "$prev" = = ] && [ "$COMP_CWORD" -gt 1 ]; then
    prev=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  if [ "$COMP_CWORD" -gt 1 ]; then
    case \${COMP_WORDS[1]} in
    ${names.replaceAll(' ', ' | ')}) command=\${COMP_WORDS[1]} ;;
    esac
  fi
  case $command:$prev in
${commands.flatMap((command) => command.options.flatMap((option) => valueCase(command, option))).join('\n')}
  esac
  case $command:$cur in
${commands.map((command) => `  ${command.name}:-*) _portzero_offer '${command.options.map(spelled).join(' ')}' ;;`).join('\n')}
  *)
    [ "$COMP_CWORD" -gt 1 ] || _portzero_offer '${names}'
    case $command in
${commands.flatMap(operandCase).join('\n')}
    esac
    ;;
  esac
}

_portzero_offer() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$1" -- "$cur")
}

complete -o bashdefault -o default -F _portzero portzero
`;
}

const dashed = ({ name }: OptionDescription) => (name.length === 1 ? `-${name}` : `--${name}`);
const spelled = (option: OptionDescription) =>
  option.letter === null || option.name.length === 1 ? dashed(option) : `-${option.letter} ${dashed(option)}`;

/** What stands behind an option that takes a value is that value, and nothing else. */
function valueCase({ name }: CommandDescription, option: OptionDescription): string[] {
  if (option.values === null) return [];
  const before = spelled(option)
    .split(' ')
    .map((word) => `${name}:${word}`)
    .join(' | ');
  const offer = offerOf(option.values);
  return [`  ${before}) ${offer === null ? '' : `${offer}; `}return ;;`];
}

function operandCase({ name, operands }: CommandDescription): string[] {
  const offer = operands[0] === undefined ? null : offerOf(operands[0].values);
  return offer === null ? [] : [`    ${name}) ${offer} ;;`];
}

function offerOf(values: Values): string | null {
  switch (values.kind) {
    case 'words':
      return `_portzero_offer '${values.words.join(' ')}'`;
    case 'interfaces':
      return `_portzero_offer "any $(cd /sys/class/net 2>/dev/null && echo *)"`;
    case 'hosts':
      return '_portzero_offer "$(compgen -A hostname)"';
    default:
      return null;
  }
}
