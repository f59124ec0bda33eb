export const closeReasons = ['logout', 'expiry', 'administrator'] as const;
/** Why a session of a host's user ended. */
export type CloseReason = (typeof closeReasons)[number];
