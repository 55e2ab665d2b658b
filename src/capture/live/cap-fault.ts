/**
 * Why the native module `cap` could not be loaded, in a line that says what to do. Node says the first of these when the module
 * was compiled for another one (node_binding.cc), and bindings that were never compiled are a file that is not there.
 * `folder`: where to repair it.
 */
export function describeCapFault(error: unknown, folder: string | null): string {
  const message = error instanceof Error ? error.message : String(error);
  const repair = `run npm rebuild cap${folder === null ? '' : ` in ${folder}`}`;
  const versions = /NODE_MODULE_VERSION (\d+)[\s\S]*NODE_MODULE_VERSION (\d+)/.exec(message);
  if (versions !== null) {
    return `it was built for another Node (module version ${versions[1]}, this one has ${versions[2]}): ${repair}`;
  }
  if (/did not self-register/.test(message)) return `it was built for another Node: ${repair}`;
  if (/Cannot find module '[^'\n]*cap(\.node)?'/.test(message) && /[\\/]/.test(message.split('\n')[0]!)) {
    return `it was installed but not built, which needs a compiler and libpcap's headers: ${repair}`;
  }
  if (/^Cannot find module 'cap'/.test(message)) {
    return 'it is a package of its own: npm install cap, with --global where portzero was installed so';
  }
  return message.split('\n')[0]!;
}
