/** Why a file that somebody named cannot be read, in words and without its path: who says it names the file as it was named. */
export function whyUnreadable(error: unknown): string {
  const { code, message, syscall } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'there is no such file';
    case 'EISDIR':
      return 'this is a directory';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    default:
      return syscall === undefined ? message : message.replace(new RegExp(`, ${syscall}( '.*')?$`, 's'), '');
  }
}
