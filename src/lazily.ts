/** Makes a value when it is first asked for: what few runs need costs the others nothing at their start. */
export function lazily<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
