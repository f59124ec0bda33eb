// The first part must not hold a path or a query, or the address of a mail in a query would look like one.
const userInfo = /(?<=[a-z][a-z\d+.-]{1,20}:\/\/)([^\s/?#@:"'<>]*)(:[^\s/"'<>]+)?@/gi;
const longMinChars = 20;

/** Redacts passwords in URLs, `postgres://app:secret@host`; a long user without one is a token. The user stays. */
export function redactUserInfo(text: string): string {
  return text.replace(userInfo, (whole: string, user: string, password: string | undefined) => {
    if (password !== undefined) return `${user}:[redacted:url-password]@`;
    return user.length >= longMinChars && /\d/.test(user) ? '[redacted:url-token]@' : whole;
  });
}
