/** The icon of every page, in the page. */
export const FAVICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%232b5fd9'/%3E%3Cpath d='M8 3.5c-2.2 0-3.3 1.9-3.3 4.5s1.1 4.5 3.3 4.5 3.3-1.9 3.3-4.5S10.2 3.5 8 3.5Zm-2 7 4-5' fill='none' stroke='%23fff' stroke-width='1.5'/%3E%3C/svg%3E";
