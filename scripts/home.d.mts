export declare function mentions(): Map<string, string[]>;
