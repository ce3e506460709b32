/** Any JSON value. Its numbers are JavaScript's: an integer above 2^53 in what a platform sent is rounded here. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** A word of a known set, or any other: the platforms may add words at any time. */
export type Open<Known extends string> = Known | (string & {})
