/** The daemon's parts, for embedders on Node. */
export {}
