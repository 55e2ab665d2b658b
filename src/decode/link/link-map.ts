/** Which LINKTYPE_ value frames are read as, where a person knows better than the capture. */
export class LinkMap {
  readonly #all: number | null;
  readonly #others: ReadonlyMap<number, number>;

  constructor(all: number | null, others: ReadonlyMap<number, number>) {
    this.#all = all;
    this.#others = others;
  }

  get(linkType: number): number {
    return this.#all ?? this.#others.get(linkType) ?? linkType;
  }
}

/** Null where each frame is read as what the capture says. */
export function createLinkMap(options: {
  readonly linkType?: number;
  readonly linkTypes?: Readonly<Record<number, number>>;
}): LinkMap | null {
  const others = new Map(Object.entries(options.linkTypes ?? {}).map(([from, to]) => [Number(from), to]));
  if (options.linkType === undefined && others.size === 0) return null;
  return new LinkMap(options.linkType ?? null, others);
}
