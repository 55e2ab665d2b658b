/** The version in package.json; a test holds the two together, so that start-up reads no file for it. */
export const VERSION = '0.1.0';
