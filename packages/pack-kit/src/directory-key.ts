/** Names a person or thing that the host described. */
export type DirectoryKey = { readonly type: string; readonly id: string };
