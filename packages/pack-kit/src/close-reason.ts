export const closeReasons = ['logout', 'expiry', 'administrator'] as const;
/** The reason why a session of a host's user ended. */
export type CloseReason = (typeof closeReasons)[number];
