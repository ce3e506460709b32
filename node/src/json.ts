/** Any JSON value. An integer above 2^53, which JavaScript would round, is text in what a platform sent. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** A word of a known set, or any other: the platforms may add words at any time. */
export type Open<Known extends string> = Known | (string & {})
