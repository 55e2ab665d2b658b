export declare function packedManifest(manifest: Readonly<Record<string, unknown>>): Record<string, unknown>;
export declare function packedPage(manifest: Readonly<Record<string, unknown>>, page: string, text: string): string;
export declare function packedPages(folder: string): string[];
