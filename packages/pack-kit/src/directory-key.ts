/** Names a person or thing that the host told about. */
export type DirectoryKey = { readonly type: string; readonly id: string };
